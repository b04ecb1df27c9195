/** EC2's metadata service for hosts. A host is known by the address from which it asks. */
import type { Instance } from '../contract.js';
import { type Listener, listen } from '../http.js';
import { answerMetadata } from '../machine/metadata.js';
import type { HostSettings } from './settings.js';

/**
 * Serves it where this machine has the address, on the bridge of the hosts.
 *
 * @param hosts those that run now
 * @returns null where it has not: then no host knows which instance it is
 */
export async function serveMetadata(
  hosts: () => readonly { instance: Instance }[],
  { address, port }: NonNullable<HostSettings['metadata']>,
): Promise<Listener | null> {
  const respond: Parameters<typeof listen>[1] = ({ method, rawPath, headers, callerAddress }) => {
    const host = hosts().find(({ instance }) => instance.privateIp === callerAddress);
    if (host === undefined) return Promise.resolve({ status: 404, body: '' });
    const answer = answerMetadata(host, {
      method,
      path: rawPath.replace(/^\/latest\//, ''),
      token: headers['x-aws-ec2-metadata-token'],
      ttl: headers['x-aws-ec2-metadata-token-ttl-seconds'],
    });
    return Promise.resolve(answer);
  };
  try {
    return await listen(port, respond, address);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL') return null;
    throw error;
  }
}
