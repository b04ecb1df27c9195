import { begunTwice } from '../test/chaos/support/script-counter.js';
import type { BenchStack } from './stack.js';

interface Note {
  kind: string;
  data: Record<string, unknown>;
}

/** What the nodes say of the jobs that they have begun, whatever was sent to them. */
export interface ScriptsBegun {
  /** Jobs on nodes. */
  begun: number;
  /** Jobs that a node began more than once, as the fault campaign counts them. */
  twice: string[];
  /** Changes that a node made again under another id, after the first had succeeded with the same parameters. */
  again: string[];
}

/** Of nodes on paper, which note in the region's record when a script begins and ends. */
export async function scriptsBegun(bench: BenchStack): Promise<ScriptsBegun> {
  const { notes } = await bench.region<{ notes: Note[] }>('/_region/record?calls=false');
  const begins = new Map<string, number>();
  const succeeded = new Set<string>();
  const again: string[] = [];
  for (const { kind, data } of notes) {
    const { instanceId, job, script, lock, params, outcome } = data;
    const work = `${String(instanceId)} ${String(script)} ${String(params)}`;
    if (kind === 'script-ended' && outcome === 'done') succeeded.add(work);
    if (kind !== 'script-began') continue;
    const run = `${String(instanceId)} ${String(job)}`;
    // Scripts without a lock only look, as often as someone wants to know.
    if (lock !== '' && !begins.has(run) && succeeded.has(work)) again.push(run);
    begins.set(run, (begins.get(run) ?? 0) + 1);
  }
  return { begun: begins.size, twice: begunTwice(begins), again };
}
