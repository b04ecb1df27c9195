/** Answers of etcd at `https://<address>:2379`, which is gRPC and asks for a certificate, and curl's exit code. */
import { existsSync } from 'node:fs';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import type { Refusal } from './etcd.js';
import type { K3sPlane } from './plane.js';

const PROMOTE = '/etcdserverpb.Cluster/MemberPromote';
const CERTIFICATES = ['--cacert', '--cert', '--key'];

/**
 * `MemberPromote` alone. What etcd refuses stands in the trailers of the answer, so curl succeeds all the same. [gRPC: PROTOCOL-HTTP2]
 *
 * @param args the body in base64, and the arguments of curl
 */
export function etcdClientPort(plane: K3sPlane, from: Machine, [body = '', ...args]: string[]): CommandReply {
  const url = new URL(args.find((arg) => arg.startsWith('https://')) ?? 'https://unknown');
  if (!args.includes('--http2') || !args.includes('content-type: application/grpc') || url.pathname !== PROMOTE)
    return reply(1, '', 'curl: (1) Received HTTP/0.9 when not allowed\n');
  const files = CERTIFICATES.map((name) => args[args.indexOf(name) + 1] ?? '');
  if (!files.every((file) => file !== '' && existsSync(from.path(file))))
    return reply(58, '', 'curl: (58) could not load PEM client certificate\n');
  const id = memberIdOf(Buffer.from(body, 'base64'));
  if (id === null) return reply(92, '', 'curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR\n');
  const refusal = promoteAt(plane, from, url.hostname, id);
  return refusal === 'refused' ? reply(7, '', `curl: (7) Failed to connect to ${url.hostname} port 2379\n`) : reply(0);
}

/** Asks the member at an address. @returns null for done, etcd's refusal, or `refused` where nothing listens */
export function promoteAt(plane: K3sPlane, from: Machine, host: string, id: string): Refusal | 'refused' | null {
  const asked = plane.supervisorAt(`https://${host}:6443`, from)?.membership;
  // A learner answers no such call: its answer would be another refusal.
  if (!asked?.cluster.founding.embeddedEtcd || asked.member.learner) return 'refused';
  return asked.cluster.etcd.promote(id);
}

/** A frame of gRPC with a MemberPromoteRequest: field 1, a varint. [etcd source: etcdserverpb/rpc.proto] */
function memberIdOf(frame: Buffer): string | null {
  if (frame.length < 7 || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - 5 || frame[5] !== 8) return null;
  const bytes = [...frame.subarray(6)];
  if (bytes.length > 10 || bytes.some((byte, at) => byte >= 128 !== at < bytes.length - 1)) return null;
  const id = bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n);
  return id.toString(16).padStart(16, '0');
}
