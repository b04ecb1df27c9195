import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Cluster } from './context.js';

/**
 * Waits until a message comes, or until what is waited for has ended.
 *
 * @param begin what to wait for besides; what it begins, such as a timer, is cancelled by a message
 * @throws what the wait has failed of
 */
export async function unlessMessage({ inbox }: Pick<Cluster, 'inbox'>, begin?: () => Promise<unknown>): Promise<void> {
  const { revision } = inbox;
  await CancellationScope.cancellable(async () => {
    const woken = condition(() => inbox.revision !== revision);
    await (begin === undefined ? woken : Promise.race([woken, begin()]));
    CancellationScope.current().cancel();
  }).catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
}
