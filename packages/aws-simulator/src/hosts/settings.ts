/** Settings of the second machine backend: from the environment, read once. */

export interface HostSettings {
  /** Command line that makes and drives hosts; `sh` splits it, and the subcommand with its arguments follows. */
  command: string;
  /** Address of this machine that the hosts reach. The simulator listens there. */
  address: string;
  /** The network of the hosts, a /24. */
  network: string;
  /** Where hosts ask which instance they are; served where this machine has the address. Null: not served. */
  metadata: { address: string; port: number } | null;
}

type Env = Readonly<Record<string, string | undefined>>;

/** EC2's metadata service. [docs: EC2 instance metadata] */
const METADATA = { address: '169.254.169.254', port: 80 };

/** Default gateway of the hosts' network. */
const USUAL_ADDRESS = '10.77.0.1';

/**
 * Reads KEELSON_HOST_COMMAND and KEELSON_HOST_ADDRESS.
 *
 * @returns null without a command: then instances are folders
 * @throws Error when the address is not an IPv4 address, or is 0.0.0.0, which would open the simulator to any network
 */
export function hostSettings(env: Env): HostSettings | null {
  const command = env['KEELSON_HOST_COMMAND'];
  if (command === undefined || command === '') return null;
  const address = env['KEELSON_HOST_ADDRESS'] || USUAL_ADDRESS;
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1);
  if (octets === undefined || octets.some((octet) => Number(octet) > 255) || address === '0.0.0.0') {
    throw new Error(`KEELSON_HOST_ADDRESS: ${address} is not the IPv4 address of this machine in the hosts' network`);
  }
  return { command, address, network: `${octets.slice(0, 3).join('.')}.0/24`, metadata: METADATA };
}
