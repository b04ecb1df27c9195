import { toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { placeText } from '../../model/watch/place.js';
import type { UnobservedInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

const AT_ONCE = 20;

/**
 * Notifies all open clusters of a region that its watch does not run. A second notification changes nothing.
 *
 * @throws a `transient` failure when Temporal does not take them all: then the activity is retried as a whole
 */
export async function tellUnobserved(
  { workflowNotifier }: ActivityDeps,
  _: ActivityContext,
  input: UnobservedInput,
): Promise<void> {
  try {
    for (const part of chunks(await workflowNotifier.openClusters(input), AT_ONCE))
      await Promise.all(part.map((cluster) => workflowNotifier.report(cluster, input.report)));
  } catch (error) {
    throw toFailure(error, `tell the clusters of ${placeText(input)} that they are not observed`);
  }
}
