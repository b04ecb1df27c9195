/** EC2's metadata service as an instance sees it: version 2 alone, which every launch of Keelson demands. [docs: EC2, IMDSv2] */
import { randomBytes } from 'node:crypto';
import type { Instance } from '../contract.js';
import { type CommandReply, reply } from './systemctl.js';

interface Owner {
  instance: Instance;
}

export interface MetadataRequest {
  method: string;
  /** Below `/latest/`. */
  path: string;
  /** `X-aws-ec2-metadata-token`; undefined where the request has none. */
  token: string | undefined;
  /** `X-aws-ec2-metadata-token-ttl-seconds`, of a request for a token. */
  ttl: string | undefined;
}

const tokens = new WeakMap<Owner, Set<string>>();

/** Returns the answer to the machine that asks. */
export function answerMetadata(machine: Owner, request: MetadataRequest): { status: number; body: string } {
  const own = tokens.get(machine) ?? new Set<string>();
  tokens.set(machine, own);
  if (request.path === 'api/token') {
    if (request.method !== 'PUT' || !/^\d+$/.test(request.ttl ?? '')) return { status: 400, body: '' };
    const token = randomBytes(24).toString('base64url');
    own.add(token);
    return { status: 200, body: token };
  }
  if (!own.has(request.token ?? '')) return { status: 401, body: '' };
  const value = metadataOf(machine)[request.path.replace(/^meta-data\//, '')] ?? null;
  return value === null ? { status: 404, body: '' } : { status: 200, body: value };
}

/** Answers curl. @param args its URL, headers, and the method of a request for a token */
export function metadata(machine: Owner, args: string[]): CommandReply {
  const header = (name: string): string | undefined =>
    args.flatMap((arg) => new RegExp(`^${name}: (.+)$`, 'i').exec(arg)?.[1] ?? [])[0];
  const { status, body } = answerMetadata(machine, {
    method: args.includes('PUT') ? 'PUT' : 'GET',
    path: args.find((arg) => arg.startsWith('http://'))?.replace(/^http:\/\/[^/]+\/latest\//, '') ?? '',
    token: header('X-aws-ec2-metadata-token'),
    ttl: header('X-aws-ec2-metadata-token-ttl-seconds'),
  });
  // As curl says it with --fail. [curl(1): exit code 22]
  return status === 200 ? reply(0, body) : reply(22, '', `curl: (22) The requested URL returned error: ${status}\n`);
}

/** Returns what it tells, by path; null for what this instance has not. */
export const metadataOf = ({ instance }: Owner): Record<string, string | null> => ({
  'instance-id': instance.id,
  'instance-type': instance.type,
  'placement/availability-zone': instance.zone,
  'local-ipv4': instance.privateIp,
  'public-ipv4': instance.publicIp,
});
