import type { NoteEntry } from '../../../packages/aws-simulator/src/record.js';
import type { StackFixture } from '../fixture.js';

/** What the simulator has noted, after the first ones. */
export const notesOf = async (fixture: StackFixture, after = 0): Promise<NoteEntry[]> =>
  (await fixture.region<{ notes: NoteEntry[] }>('record?calls=false')).notes.slice(after);

/**
 * The fewest of these servers whose API answered at once, by what the simulator has noted: a count, and no time, which a busy machine stretches.
 *
 * @param servers their instances; all of them serve before the first note
 * @param notes in the order in which they were made
 */
export function fewestServing(servers: readonly string[], notes: readonly NoteEntry[]): number {
  const serving = new Set(servers);
  let fewest = serving.size;
  for (const { kind, data } of notes) {
    const server = servers.find((id) => id === data['instanceId']);
    if (server === undefined) continue;
    if (kind === 'k3s-serving') serving.add(server);
    if (kind === 'k3s-gone') serving.delete(server);
    fewest = Math.min(fewest, serving.size);
  }
  return fewest;
}
