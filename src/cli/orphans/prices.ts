import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Tagged } from '../../aws/tagged.js';
import { CliError, EXIT } from '../exit.js';
import type { Io } from '../io.js';

/** List prices are a matter of region, contract and day: they come from the user, not from us. */
const pricesSchema = z.strictObject({
  /** An hour, by instance type. */
  instances: z.record(z.string(), z.number().nonnegative()).default({}),
  /** A GiB and month, by volume type. */
  volumes: z.record(z.string(), z.number().nonnegative()).default({}),
});
export type Prices = z.output<typeof pricesSchema>;

/** AWS's own month. [docs: AWS Pricing Calculator] */
const HOURS = 730;

/** @throws CliError `invalid` when the file is not there or holds something else */
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

/** What it costs in a month as it is now: a stopped instance costs nothing but its volume. Null where the price is not given. */
export function monthlyCost(one: Tagged, prices: Prices): number | null {
  if (one.kind === 'security-group') return 0;
  // A snapshot is billed by the blocks that it holds, which EC2 does not tell. [docs: EBS pricing]
  if (one.kind === 'snapshot') return null;
  if (one.kind === 'volume') {
    const price = prices.volumes[one.type];
    return price === undefined || one.sizeGiB === null ? null : price * one.sizeGiB;
  }
  if (one.state !== 'running' && one.state !== 'pending') return 0;
  const price = prices.instances[one.type];
  return price === undefined ? null : price * HOURS;
}
