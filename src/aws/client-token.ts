import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Owner } from '../model/tags.js';
import type { Installation } from '../model/trust/installation.js';

/** Place of an instance, which its ClientToken proves. */
export interface Place extends Owner {
  slot: string;
  generation: number;
}

/** A ClientToken has at most 64 characters: 120 bits of the request's digest, and two seals of 132 bits. [docs: RunInstances] */
const DIGEST = 20;
const SEAL = 22;

/**
 * Returns the ClientToken of a launch: a digest of the whole request, sealed with the installation's key for the cluster and for the slot
 * and generation. EC2 shows an instance's token to everyone and lets no one change it, so that it proves what tags only claim.
 *
 * @param request everything that the RunInstances request depends on
 */
export function clientTokenOf({ key }: Installation, place: Place, request: unknown): string {
  const { cluster, uid, slot, generation } = place;
  const all = JSON.stringify([place.installation, uid, cluster, slot, generation, request]);
  const digest = createHash('sha256').update(all).digest('base64url').slice(0, DIGEST);
  return digest + ownerSeal(key, digest, place) + placeSeal(key, digest, place);
}

/** Returns whether a worker of the installation has launched the instance of this token for this cluster. */
export function provesOwner(token: string | undefined, { key }: Installation, owner: Owner): boolean {
  const { digest, owner: seal } = partsOf(token ?? '');
  return isSame(seal, ownerSeal(key, digest, owner));
}

/** Returns whether the launch was for this slot and generation, too. */
export function provesPlace(token: string | undefined, installation: Installation, place: Place): boolean {
  const { digest, place: seal } = partsOf(token ?? '');
  return provesOwner(token, installation, place) && isSame(seal, placeSeal(installation.key, digest, place));
}

/**
 * Seals the id of a volume for its slot and name. EC2 does not show the ClientToken of a volume, so Keelson writes this seal as a tag. A
 * copy on another volume proves nothing, because the seal covers the id.
 */
export function volumeSealOf(
  { key }: Installation,
  place: Omit<Place, 'generation'>,
  volume: string,
  id: string,
): string {
  const { installation, cluster, uid, slot } = place;
  return seal(key, ['volume', installation, cluster, uid, slot, volume, id]);
}

/** Returns whether a worker of the installation has made the volume for this slot and name. */
export const provesVolume = (
  given: string | undefined,
  installation: Installation,
  place: Omit<Place, 'generation'>,
  volume: string,
  id: string,
): boolean => isSame(given ?? '', volumeSealOf(installation, place, volume, id));

const partsOf = (token: string) => ({
  digest: token.slice(0, DIGEST),
  owner: token.slice(DIGEST, DIGEST + SEAL),
  place: token.slice(DIGEST + SEAL),
});

const ownerSeal = (key: Uint8Array, digest: string, { installation, cluster, uid }: Owner): string =>
  seal(key, ['cluster', installation, cluster, uid, digest]);

const placeSeal = (key: Uint8Array, digest: string, { installation, cluster, uid, slot, generation }: Place): string =>
  seal(key, ['slot', installation, cluster, uid, slot, generation, digest]);

const seal = (key: Uint8Array, of: readonly (string | number)[]): string =>
  createHmac('sha256', key).update(JSON.stringify(of)).digest('base64url').slice(0, SEAL);

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
