import type { JobResult, RunOnNodesInput } from '#src/activities/api.js';
import type { StatusView } from '#src/model/status.js';
import { take } from '#src/workflows/lib/result-time.js';
import { nextLook, PATIENCE_MS } from '../../support/patience.js';
import { documentOf, type StackFixture } from '../fixture.js';

/** What one script has reported on one node. */
export interface Report extends Pick<JobResult, 'outcome' | 'exitCode' | 'result'> {
  script: string;
  params: string[];
}

const NAME = 'life';
const OLD = 'v1.34.1+k3s1';
const NEW = 'v1.34.2+k3s1';

/** A cluster's life: made, saved, stopped, started, resized, repaired, updated, deleted. @returns all that its nodes have reported, in order */
export async function liveALife(fixture: StackFixture): Promise<Report[]> {
  const spec = (version: string) => ({
    mode: 'ha',
    k3s: { version },
    health: { gracePeriod: '10s' },
    pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }],
  });
  const keelson = async (...args: string[]): Promise<void> => {
    const ran = await fixture.keelson(...args);
    if (ran.code !== 0) throw new Error(`keelson ${args.join(' ')}: ${ran.code} ${ran.stderr}`);
  };
  await keelson('apply', '-f', fixture.document(NAME, spec(OLD)), '--wait');
  await keelson('backup', NAME, '--wait');
  await keelson('stop', NAME, '--wait');
  await keelson('start', NAME, '--wait');
  await keelson('resize', NAME, '--instance-type', 't3.large', '--wait');
  await loseServer(fixture);
  const servers = { instanceType: 't3.large' };
  const document = documentOf(NAME, { ...spec(NEW), servers });
  await keelson('apply', '-f', fixture.file('new.yaml', JSON.stringify(document)), '--wait');
  await keelson('delete', NAME, '--yes', '--wait');
  return await reportsOf(fixture);
}

/** Terminates a server, and waits until another one has its place. */
async function loseServer(fixture: StackFixture): Promise<void> {
  const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');
  const serverOf = ({ nodes }: StatusView) => nodes.find(({ slot }) => slot === 'server-1');
  const before = serverOf(await status());
  await fixture.region(`instances/${before?.instanceId}/terminate?hard`, { method: 'POST' });
  const began = performance.now();
  for (;;) {
    const seen = await status();
    const now = serverOf(seen);
    if (now?.instanceId !== before?.instanceId && now?.ready === 'True' && seen.phase === 'Running' && !seen.operation)
      return;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`never replaced: ${JSON.stringify(seen).slice(0, 6_000)}`);
    await nextLook(began);
  }
}

/** Out of the histories of all runs: what the worker has read of the nodes' answers. */
async function reportsOf({ client }: StackFixture): Promise<Report[]> {
  const reports: Report[] = [];
  const runs: string[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = 'cluster/${NAME}'` })) runs.unshift(runId);
  for (const runId of runs) {
    const { events = [] } = await client.workflow.getHandle(`cluster/${NAME}`, runId).fetchHistory();
    const inputs = new Map<string, RunOnNodesInput>();
    for (const event of events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled?.activityType?.name === 'runOnNodes')
        inputs.set(String(event.eventId), read<RunOnNodesInput>(scheduled.input));
      const completed = event.activityTaskCompletedEventAttributes;
      const input = inputs.get(String(completed?.scheduledEventId ?? ''));
      if (input === undefined) continue;
      for (const { outcome, exitCode, result } of take(read<JobResult[]>(completed?.result)))
        reports.push({ script: input.script, params: Object.keys(input.params).sort(), outcome, exitCode, result });
    }
  }
  return reports;
}

function read<T>(payloads: { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined): T {
  return JSON.parse(Buffer.from(payloads?.payloads?.[0]?.data ?? []).toString('utf8')) as T;
}
