/** What `npm run test:real` needs of its surroundings. */
import { createServer } from 'node:net';
import { callHost } from '../../../packages/aws-simulator/src/hosts/command.js';
import { type HostSettings, hostSettings } from '../../../packages/aws-simulator/src/hosts/settings.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  hosts: HostSettings;
  /** Where the hosts get K3s. */
  mirror: string;
  /** What clusters are made with, and what they are brought to. */
  versions: { first: string; next: string };
}

/** Of EC2's metadata service: without it no cluster is founded at the first boot. */
const METADATA = '169.254.169.254';
/** Port of the mirror that comes with the hosts, where KEELSON_K3S_MIRROR names none. */
const USUAL_MIRROR_PORT = 8099;

/**
 * Reads the environment and tries what it names.
 *
 * @throws Error with everything that is missing, and how it is set
 */
export async function surroundings(env: Env = process.env): Promise<Surroundings> {
  const problems: string[] = [];
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    problems.push('it needs Linux and root, as hosts do');
  }
  const hosts = hostSettings(env);
  if (hosts === null) {
    problems.push(
      'KEELSON_HOST_COMMAND is not set: the command that makes hosts (up, exec, start, stop, kill, rm), see packages/aws-simulator/src/hosts/README.md',
    );
    throw missing(problems);
  }
  const { exitCode } = await callHost(hosts.command, ['exec', 'i-nothing'], 'exit 0\n').finished;
  // What sh says of a program that is not there or cannot be run.
  if (exitCode === 126 || exitCode === 127) problems.push(`KEELSON_HOST_COMMAND: ${hosts.command} cannot be run`);
  if (!(await canListenAt(hosts.address))) {
    problems.push(
      `KEELSON_HOST_ADDRESS: this machine has no address ${hosts.address}; is the network of the hosts up, or is it another one?`,
    );
  }
  if (!(await canListenAt(METADATA))) {
    problems.push(
      `this machine has no address ${METADATA}, where hosts ask which instance they are: ip address add ${METADATA}/32 dev BRIDGE`,
    );
  }
  const versions = {
    first: env['KEELSON_REAL_VERSION'] || 'v1.34.3+k3s1',
    next: env['KEELSON_REAL_NEXT_VERSION'] || 'v1.34.4+k3s1',
  };
  const mirror = env['KEELSON_K3S_MIRROR'] || `http://${hosts.address}:${USUAL_MIRROR_PORT}`;
  for (const version of Object.values(versions)) {
    const url = `${mirror}/${version.replace('+', '%2B')}/sha256sum-amd64.txt`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (!answer?.ok)
      problems.push(`KEELSON_K3S_MIRROR: ${url} ${answer ? `answers ${answer.status}` : 'does not answer'}`);
  }
  if (problems.length > 0) throw missing(problems);
  return { hosts, mirror, versions };
}

/** Tried, not looked up: a bridge without a host has no carrier, and Node leaves such interfaces out. */
async function canListenAt(address: string): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, address, () => resolve(true));
  });
  if (listening) await new Promise((resolve) => server.close(resolve));
  return listening;
}

function missing(problems: string[]): Error {
  return new Error(`npm run test:real cannot begin:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
}
