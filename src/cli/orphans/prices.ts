import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Tagged } from '../../aws/tagged.js';
import { CliError, EXIT } from '../exit.js';
import type { Io } from '../io.js';

/** List prices depend on region, contract and day: the user provides them. */
const pricesSchema = z.strictObject({
  /** An hour, by instance type. */
  instances: z.record(z.string(), z.number().nonnegative()).default({}),
  /** A GiB and month, by volume type. */
  volumes: z.record(z.string(), z.number().nonnegative()).default({}),
});
export type Prices = z.output<typeof pricesSchema>;

/** AWS's own month. [docs: AWS Pricing Calculator] */
const HOURS = 730;

/** @throws CliError `invalid` for a missing file or another content */
export async function readPrices(io: Io, file: string): Promise<Prices> {
  try {
    return pricesSchema.parse(parse(await readFile(resolve(io.cwd, file), 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    throw new CliError(
      EXIT.invalid,
      `${file}: ${why}`,
      'prices are YAML: {instances: {t3.medium: 0.0456}, volumes: {gp3: 0.088}}, an hour and a GiB-month',
      { cause: error },
    );
  }
}

/** Returns the present cost of a month: a stopped instance costs nothing but its volume. Null without a price. */
export function monthlyCost(one: Tagged, prices: Prices): number | null {
  if (one.kind === 'security-group') return 0;
  // A snapshot is billed by the blocks that it holds, which EC2 does not show. [docs: EBS pricing]
  if (one.kind === 'snapshot') return null;
  if (one.kind === 'volume') {
    const price = prices.volumes[one.type];
    return price === undefined || one.sizeGiB === null ? null : price * one.sizeGiB;
  }
  if (one.state !== 'running' && one.state !== 'pending') return 0;
  const price = prices.instances[one.type];
  return price === undefined ? null : price * HOURS;
}
