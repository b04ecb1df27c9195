import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../../../src/config/environment.js';
import type { HostSettings } from '../../aws-simulator/src/hosts/settings.js';
import type { Child, Children } from './children.js';

const READY_MS = 20_000;

export const PROFILE_NAMES = ['fast', 'demo', 'aws'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** What instances are where they are no hosts. [packages/aws-simulator/src/paper/README.md] */
export const NODE_KINDS = ['folders', 'paper'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface LocalRegion {
  url: string;
  eventsQueueUrl: string;
  deadLettersQueueUrl: string;
  child: Child;
}

/** Starts the local region as a process and waits for the line that tells its address. */
export async function startRegion(
  children: Children,
  env: Env,
  options: { dir: string; profile: ProfileName; hosts: HostSettings | null; nodes: NodeKind },
): Promise<LocalRegion> {
  const script = fileURLToPath(new URL('../../aws-simulator/dist/main.js', import.meta.url));
  let output = '';
  let tell: (ready: Ready) => void = () => undefined;
  const told = new Promise<Ready>((resolve) => {
    tell = resolve;
  });
  const child = children.start({
    name: 'local region',
    command: process.execPath,
    args: [
      ...[script, '--port', '0', '--dir', join(options.dir, 'region')],
      ...['--profile', options.profile, '--nodes', options.nodes],
    ],
    env: { ...env, ...hostVariables(options.hosts) },
    logFile: join(options.dir, 'region.log'),
    onOutput: (text) => {
      output += text;
      const line = output.split('\n').find((one) => one.startsWith('{'));
      if (line === undefined || !output.includes('\n')) return;
      tell(JSON.parse(line) as Ready);
    },
  });
  return { ...(await withDeadline(told, child)), child };
}

/** Hosts are used where they were asked for, and not because someone has set the variable for something else. */
function hostVariables(hosts: HostSettings | null): Record<string, string | undefined> {
  return { KEELSON_HOST_COMMAND: hosts?.command, KEELSON_HOST_ADDRESS: hosts?.address };
}

/** The line of JSON that the region prints when it answers. */
type Ready = Pick<LocalRegion, 'url' | 'eventsQueueUrl' | 'deadLettersQueueUrl'>;

async function withDeadline(told: Promise<Ready>, child: Child): Promise<Ready> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the local region did not start:\n${child.logTail()}`)), READY_MS);
  });
  const ended = child.ended.then(() =>
    Promise.reject(new Error(`the local region ended at once:\n${child.logTail()}`)),
  );
  try {
    return await Promise.race([told, late, ended]);
  } finally {
    clearTimeout(timer);
    ended.catch(() => undefined);
  }
}
