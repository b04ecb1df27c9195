/** EC2's metadata service as an instance sees it: version 2 alone, which every launch of Keelson demands. [docs: EC2, IMDSv2] */
import { randomBytes } from 'node:crypto';
import type { Machine } from './machine.js';
import { type CommandReply, reply } from './systemctl.js';

const TOKEN = /^X-aws-ec2-metadata-token: (.+)$/i;
const TTL = /^X-aws-ec2-metadata-token-ttl-seconds: \d+$/i;
const tokens = new WeakMap<Machine, Set<string>>();

/** @param args of curl: the URL, headers, and the method of a request for a token */
export function metadata(machine: Machine, args: string[]): CommandReply {
  const path = args.find((arg) => arg.startsWith('http://'))?.replace(/^http:\/\/[^/]+\/latest\//, '') ?? '';
  const own = tokens.get(machine) ?? new Set<string>();
  tokens.set(machine, own);
  if (path === 'api/token') {
    if (!args.includes('PUT') || !args.some((arg) => TTL.test(arg))) return failed(400);
    const token = randomBytes(24).toString('base64url');
    own.add(token);
    return reply(0, token);
  }
  if (!args.some((arg) => own.has(TOKEN.exec(arg)?.[1] ?? ''))) return failed(401);
  const value = metadataOf(machine)[path.replace(/^meta-data\//, '')] ?? null;
  return value === null ? failed(404) : reply(0, value);
}

/** Returns what it tells, by path; null for what this instance has not. */
export const metadataOf = ({ instance }: Pick<Machine, 'instance'>): Record<string, string | null> => ({
  'instance-id': instance.id,
  'instance-type': instance.type,
  'placement/availability-zone': instance.zone,
  'local-ipv4': instance.privateIp,
  'public-ipv4': instance.publicIp,
});

/** As curl says it with --fail. [curl(1): exit code 22] */
const failed = (status: number): CommandReply =>
  reply(22, '', `curl: (22) The requested URL returned error: ${status}\n`);
