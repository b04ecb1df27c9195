import { toFailure } from '../../aws/failure.js';
import { placeText } from '../../model/watch/place.js';
import type { Scope } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** Twice, or while it runs, is as good as once. */
export async function ensureWatch({ messenger }: ActivityDeps, _: Attempt, scope: Scope): Promise<void> {
  try {
    await messenger.ensureWatch(scope);
  } catch (error) {
    throw toFailure(error, `start the watch of ${placeText(scope)}`);
  }
}
