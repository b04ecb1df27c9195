import { toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { placeText } from '../../model/watch/place.js';
import type { UnobservedInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

const AT_ONCE = 20;

/**
 * Tells all open clusters of a region that its watch does not run. A cluster that is told twice takes it for the same.
 *
 * @throws a `transient` failure when Temporal does not take it all: then all of it is tried again
 */
export async function tellUnobserved({ messenger }: ActivityDeps, _: Attempt, input: UnobservedInput): Promise<void> {
  try {
    for (const part of chunks(await messenger.openClusters(input), AT_ONCE))
      await Promise.all(part.map((cluster) => messenger.report(cluster, input.report)));
  } catch (error) {
    throw toFailure(error, `tell the clusters of ${placeText(input)} that they are not observed`);
  }
}
