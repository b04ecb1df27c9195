/** Where the hosts of the second machine backend come from: the environment, read once. */

export interface HostSettings {
  /** Command line that makes and drives hosts; `sh` splits it, and the verb with its arguments is put behind. */
  command: string;
  /** Address of this machine that the hosts reach. The region listens there. */
  address: string;
  /** The network of the hosts, a /24. */
  network: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The gateway of the hosts' network, where no one has said another one. */
const USUAL_ADDRESS = '10.77.0.1';

/**
 * Reads KEELSON_HOST_COMMAND and KEELSON_HOST_ADDRESS.
 *
 * @returns null where no command is set: then instances are folders
 * @throws Error when the address is not an IPv4 address, or is the one for everybody, which would open the region to any network
 */
export function hostSettings(env: Env): HostSettings | null {
  const command = env['KEELSON_HOST_COMMAND'];
  if (command === undefined || command === '') return null;
  const address = env['KEELSON_HOST_ADDRESS'] || USUAL_ADDRESS;
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1);
  if (octets === undefined || octets.some((octet) => Number(octet) > 255) || address === '0.0.0.0') {
    throw new Error(`KEELSON_HOST_ADDRESS: ${address} is not the IPv4 address of this machine in the hosts' network`);
  }
  return { command, address, network: `${octets.slice(0, 3).join('.')}.0/24` };
}
