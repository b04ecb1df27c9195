import type { ClusterState } from './state.js';

const DAY_MS = 86_400_000;
/** Another lookup so soon would give the same image. */
const FRESH_MS = 10 * 60_000;

/** Returns whether the pinned image is older than the document allows for a new instance. */
export function isImageTooOld({ document, launchConfigAt }: ClusterState, now: string): boolean {
  const { image } = document.spec;
  const days = image !== undefined && 'maxAgeDays' in image ? image.maxAgeDays : undefined;
  return days !== undefined && launchConfigAt !== null && Date.parse(now) - Date.parse(launchConfigAt) > days * DAY_MS;
}

/**
 * Returns whether another lookup can find another image when one is gone: its owner has deregistered it, as owners of public images do
 * after years, or made it private. An image that the document names by its id has no other.
 */
export function canResolveAgain({ document, launchConfigAt }: ClusterState, now: string): boolean {
  const { image } = document.spec;
  if (image !== undefined && 'id' in image) return false;
  return launchConfigAt === null || Date.parse(now) - Date.parse(launchConfigAt) > FRESH_MS;
}
