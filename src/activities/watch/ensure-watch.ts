import { toFailure } from '../../aws/failure.js';
import { placeText } from '../../model/watch/place.js';
import type { CallContext } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** A second start, or one while it runs, changes nothing. */
export async function ensureWatch(
  { workflowNotifier }: ActivityDeps,
  _: ActivityContext,
  scope: CallContext,
): Promise<void> {
  try {
    await workflowNotifier.ensureWatch(scope);
  } catch (error) {
    throw toFailure(error, `start the watch of ${placeText(scope)}`);
  }
}
