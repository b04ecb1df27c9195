import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import { quoted, runOnNode } from '../nodes/run.js';
import { type Format, show } from '../output.js';
import type { Session } from '../session.js';

const LOGS_SECONDS = 60;

export interface ExecOptions {
  timeout: number;
  output: Format;
}

/** `keelson exec NAME NODE -- COMMAND`: ends with the command's own exit code if it is 1 to 125, else with 1. */
export async function exec(
  session: Session,
  cluster: string,
  slot: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<void> {
  if (command.length === 0)
    throw new CliError(EXIT.invalid, 'no command is given', `keelson exec ${cluster} ${slot} -- uptime`);
  const ran = await runOnNode(session, cluster, slot, command.map(quoted).join(' '), options.timeout);
  if (options.output === 'text') {
    session.io.stdout.write(ran.stdout);
    session.io.stderr.write(ran.stderr);
    if (ran.isCut) say(session.io, 'SSM has kept only the first 24,000 characters');
  } else show(session.io, options.output, { cluster, ...ran }, () => '');
  if (ran.exitCode !== 0) throw new CliError(EXIT.failed, `${ran.node} (${ran.instanceId}): exit code ${ran.exitCode}`);
}

export interface LogsOptions {
  /** Number of lines from the end. */
  tail: number;
  /** Logs of Keelson's jobs, instead of K3s's journal. */
  jobs: boolean;
  /** Id of one job. */
  job?: string;
  output: Format;
}

/** `keelson logs NAME [NODE]`: prints the journal of K3s on a node, or the logs of Keelson's jobs there; masked. */
export async function logs(
  session: Session,
  cluster: string,
  slot: string | undefined,
  options: LogsOptions,
): Promise<void> {
  const ran = await runOnNode(session, cluster, slot ?? null, scriptOf(options), LOGS_SECONDS);
  if (options.output === 'text') session.io.stdout.write(ran.stdout === '' ? 'no lines\n' : ran.stdout);
  else show(session.io, options.output, { cluster, ...ran }, () => '');
  if (ran.exitCode !== 0)
    throw new CliError(
      EXIT.failed,
      `${ran.node} (${ran.instanceId}): ${ran.stderr.trim() || `exit code ${ran.exitCode}`}`,
    );
}

/** The newest jobs come last, so that the end of the output is the end of the story. */
function scriptOf({ tail, jobs, job }: LogsOptions): string {
  const folder = '"${KEELSON_ROOT:-}"/var/lib/keelson/jobs';
  if (job !== undefined) return `tail -n ${tail} ${folder}/${quoted(job)}/log`;
  if (!jobs)
    return `unit=k3s; systemctl is-active -q k3s-agent && unit=k3s-agent; journalctl -u "$unit" --no-pager -o short-iso -n ${tail}`;
  return `cd ${folder} && for one in $(ls -tr | tail -n 5); do echo "== $one"; tail -n ${tail} "$one/log"; done`;
}
