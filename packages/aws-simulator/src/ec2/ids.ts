import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.js';

/** Returns ids in EC2's form: 17 hexadecimal digits. Never seeded: two regions must not share ids. */
export function newId(prefix: 'cr' | 'i' | 'r' | 'vol' | 'snap' | 'sg' | 'sgr' | 'cr' | 'eni' | 'eni-attach'): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** Returns the same id for the same text: for resources that exist from the start. */
export function fixedId(prefix: 'vpc' | 'subnet' | 'ami' | 'snap' | 'sg', hex: string): string {
  return `${prefix}-0${hex.padStart(16, '0').slice(-16)}`;
}

/** @throws Invalid...Malformed */
export function checkShape(ids: readonly string[], prefix: string, malformed: string): void {
  for (const id of ids) {
    if (new RegExp(`^${prefix}-[0-9a-f]{8,17}$`).test(id)) continue;
    throw new AwsError(malformed, 400, `Invalid id: "${id}" (expecting "${prefix}-...")`);
  }
}
