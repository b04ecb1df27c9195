import type { ClusterDocument } from '../spec/schema.js';

const HTTPS = 443;

/**
 * Returns the TCP ports that a drill's machine may reach, sorted: HTTPS for S3 and SSM, and the ports of the document's mirror and proxies.
 * To any address, because the addresses of S3 and SSM are many and change; their prefix lists are not known in every region. DNS, the clock
 * and the instance metadata pass every security group. [docs: EC2 security groups]
 */
export function portsOut({ spec }: ClusterDocument): number[] {
  const { mirror, environment = {} } = spec.k3s;
  const proxies = Object.entries(environment).flatMap(([name, value]) => (/_proxy$/i.test(name) ? [value] : []));
  const ports = [mirror, ...proxies].flatMap((address) => portOf(address) ?? []);
  return [...new Set([HTTPS, ...ports])].sort((a, b) => a - b);
}

/** Workflow code does not have Node's URL. */
function portOf(address: string): number | null {
  const [, scheme, port] = /^(https?):\/\/(?:[^@/]*@)?(?:\[[^\]]*\]|[^:/]+)(?::(\d{1,5}))?/i.exec(address) ?? [];
  if (scheme === undefined) return null;
  return port === undefined ? (scheme.toLowerCase() === 'https' ? HTTPS : 80) : Number(port);
}
