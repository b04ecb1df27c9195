/**
 * ClientToken of RunInstances. With a subnet or zone in the request it is scoped to that zone, else to the region. Same
 * token and same parameters: the same instances; other parameters: IdempotentParameterMismatch; token of terminated
 * instances: IdempotentInstanceTerminated. [docs: EC2 API idempotency]
 */
import { AwsError } from '../aws-error.js';
import { sha256 } from '../sigv4.js';
import type { Account, Ec2Instance } from './account.js';
import { invalidValue } from './params.js';

/** Parameters outside of the fingerprint. */
const NOT_ASKED = new Set(['Action', 'Version', 'ClientToken', 'DryRun']);

/** Returns a fingerprint of everything else in the request. */
export function fingerprintOf(form: URLSearchParams): string {
  const pairs = [...form].filter(([name]) => !NOT_ASKED.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify(pairs));
}

/**
 * Returns the earlier result of the token, or null for a new one.
 * @param zone zone named by the request, itself or through its subnet; null when it named none
 */
export function usedBefore(
  account: Account,
  token: string,
  zone: string | null,
  fingerprint: string,
): Ec2Instance[] | null {
  if (token.length > 64 || !isAscii(token)) throw invalidValue('clientToken', token, 'At most 64 ASCII characters.');
  const use = account.tokens.get(keyOf(zone, token));
  if (use === undefined) return null;
  if (use.fingerprint !== fingerprint) {
    const message = 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).';
    throw new AwsError('IdempotentParameterMismatch', 400, message);
  }
  const instances = use.instanceIds.flatMap((id) => account.instances.get(id) ?? []);
  if (instances.every(({ state }) => state === 'terminated' || state === 'shutting-down')) {
    const message = `The client token you have provided is associated with a resource that has already been deleted: ${use.instanceIds.join(', ')}. Please use a different client token.`;
    throw new AwsError('IdempotentInstanceTerminated', 400, message);
  }
  return instances;
}

export function remember(
  account: Account,
  token: string,
  zone: string | null,
  fingerprint: string,
  instanceIds: string[],
): void {
  account.tokens.set(keyOf(zone, token), { fingerprint, instanceIds });
}

function keyOf(zone: string | null, token: string): string {
  return `${zone ?? 'region'}/${token}`;
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
