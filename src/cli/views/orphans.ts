import type { Orphan } from '../orphans/judge.js';
import { table } from './table.js';
import { age } from './time.js';

/** An orphan in a list; `monthly` is null without prices. */
export interface ShownOrphan extends Orphan {
  monthly: number | null;
  /** Result of a delete. */
  outcome?: 'deleted' | 'failed' | 'refused' | 'would be deleted';
  message?: string;
}

const ORDER: Orphan['kind'][] = ['instance', 'volume', 'snapshot', 'security-group'];

export function orphansText(orphans: readonly ShownOrphan[], priced: boolean, now = Date.now()): string {
  if (orphans.length === 0) return 'no orphans: everything that carries the tags has its workflow';
  const sorted = [...orphans].sort(
    (a, b) =>
      `${a.account} ${a.region} ${a.cluster} ${a.uid}`.localeCompare(
        `${b.account} ${b.region} ${b.cluster} ${b.uid}`,
      ) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind),
  );
  const outcome = orphans.some((one) => one.outcome !== undefined);
  const head = [
    'region',
    'cluster',
    'uid',
    'kind',
    'id',
    'what',
    'state',
    'age',
    ...(priced ? ['monthly'] : []),
    'why',
  ];
  const rows = sorted.map((one) => [
    one.account === null ? one.region : `${one.region} (${one.account})`,
    one.cluster,
    one.uid.slice(0, 8),
    one.kind,
    one.id,
    one.sizeGiB === null ? one.type : `${one.sizeGiB} GiB ${one.type}`,
    one.state,
    one.createdAt === null ? null : age(one.createdAt, now),
    ...(priced ? [one.monthly === null ? null : one.monthly.toFixed(2)] : []),
    one.why,
    ...(outcome ? [one.message === undefined ? (one.outcome ?? null) : `${one.outcome}: ${one.message}`] : []),
  ]);
  const lines = [table(outcome ? [...head, 'outcome'] : head, rows)];
  if (priced) {
    const total = orphans.reduce((sum, one) => sum + (one.monthly ?? 0), 0);
    const without = orphans.filter((one) => one.monthly === null).length;
    lines.push(`total ${total.toFixed(2)} a month${without === 0 ? '' : `, and ${without} without a price`}`);
  }
  return lines.join('\n');
}
