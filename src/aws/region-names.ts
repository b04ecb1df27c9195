import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import type { AwsClients } from './clients.js';
import { codeOf } from './error-code.js';
import { failure } from './failure.js';

/** Error codes of a first call into a region that does not exist, or that the account has not enabled. */
const SUSPICIOUS = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'AuthFailure',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'OptInRequired',
  'UnknownEndpoint',
  'InvalidRegion',
]);

/** Used when AWS cannot be asked; Keelson asks for a region outside of the list whatever the error. [docs: AWS Regions, commercial] */
const KNOWN =
  `af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1
ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1
eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1
sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2`.split(/\s+/);

/**
 * Checks whether the error of a first call into a region means that the region does not exist.
 *
 * @returns an `invalid` failure `RegionUnknown` with the nearest name, an `auth` failure `OptInRequired`, or null if the region is fine
 */
export async function regionProblem(
  clients: AwsClients,
  region: string,
  error: unknown,
): Promise<ApplicationFailure | null> {
  const cause = rootOf(error);
  const code = codeOf(cause);
  if (!SUSPICIOUS.has(code) && KNOWN.includes(region)) return null;
  const regions = await askForRegions(clients);
  const listed = regions?.get(region);
  if (listed === 'not-opted-in')
    return failure({
      code: 'OptInRequired',
      class: 'auth',
      message: `the account has not enabled the region ${region}`,
      hint: 'enable the region in the account settings, or choose another',
      cause,
    });
  const names = regions === null ? KNOWN : [...regions.keys()];
  if (names.includes(region)) return null;
  const nearest = nearestName(region, names);
  return failure({
    code: 'RegionUnknown',
    class: 'invalid',
    message: `there is no region ${region}${nearest === null ? '' : `; the nearest name is ${nearest}`}`,
    hint: 'correct spec.region',
    cause,
  });
}

/** Returns the name and opt-in status of all regions; null if AWS cannot be asked. */
async function askForRegions(clients: AwsClients): Promise<Map<string, string> | null> {
  try {
    const { Regions: regions = [] } = await clients
      .ec2(clients.homeRegion)
      .send(new DescribeRegionsCommand({ AllRegions: true }));
    return new Map(regions.map(({ RegionName, OptInStatus }) => [RegionName ?? '', OptInStatus ?? '']));
  } catch {
    return null;
  }
}

/** Below the adapter's failure. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

/** Returns the name with the fewest changed letters, if it is near enough. */
export function nearestName(name: string, names: string[]): string | null {
  const [best] = names.map((known) => ({ known, far: distance(name, known) })).sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= 4 ? best.known : null;
}

/** Levenshtein distance, row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Returns the region in the address of a queue; null for an address without one, such as the simulator's. */
export function regionOfQueue(url: string): string | null {
  return /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(url)?.[1] ?? null;
}
