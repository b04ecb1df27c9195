import type { ClusterState } from './state.js';

const DAY_MS = 86_400_000;
/** A lookup that is so recent would give the same image again. */
const FRESH_MS = 10 * 60_000;

/** Whether the pinned image was chosen longer ago than the document wants of a new instance. */
export function isImageTooOld({ document, placementAt }: ClusterState, now: string): boolean {
  const { image } = document.spec;
  const days = image !== undefined && 'maxAgeDays' in image ? image.maxAgeDays : undefined;
  return days !== undefined && placementAt !== null && Date.parse(now) - Date.parse(placementAt) > days * DAY_MS;
}

/**
 * Whether another lookup can give another image than one that is gone: its owner has deregistered it, as owners of public images do after years, or made
 * it private. An image that the document names by its id has no other.
 */
export function canResolveAgain({ document, placementAt }: ClusterState, now: string): boolean {
  const { image } = document.spec;
  if (image !== undefined && 'id' in image) return false;
  return placementAt === null || Date.parse(now) - Date.parse(placementAt) > FRESH_MS;
}
