import type { DeletionProof } from '../../workflows/cluster/messages.js';
import { moment } from './time.js';

/** By the beginning of their ids. [docs: EC2, resource ids] */
const KINDS = { i: 'instance', vol: 'volume', snap: 'snapshot', sg: 'security group' } as const;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** E.g. `1 volume, 2 security groups`; empty for none. */
const countedByKind = (ids: readonly string[]): string =>
  Object.entries(KINDS)
    .map(([prefix, what]) => [ids.filter((id) => id.startsWith(`${prefix}-`)).length, what] as const)
    .filter(([count]) => count > 0)
    .map(([count, what]) => counted(count, what))
    .join(', ');

/** Returns what a delete proves. */
export function proofText(proof: DeletionProof): string {
  const { remaining } = proof;
  const lists =
    remaining === null
      ? []
      : [remaining.instances, remaining.volumes, remaining.snapshots, remaining.securityGroups, remaining.bucketKeys];
  const ids = lists.flat();
  // The sweep finds a resource twice if its deletion is slow.
  const others = countedByKind([...new Set(proof.swept)].filter((id) => !proof.kept.includes(id)));
  const also = others === '' ? '' : `, and deleted what carried its tags: ${others}`;
  return [
    `${proof.cluster} is gone since ${moment(proof.deletedAt)} (uid ${proof.uid}): terminated ${counted(proof.terminated.length, 'instance')}${also}`,
    ...(proof.kept.length === 0 ? [] : [`of nodes that were replaced, deleted with it: ${proof.kept.join(', ')}`]),
    ...(proof.backupsUntil === null
      ? []
      : [
          `its backups stay until ${moment(proof.backupsUntil)}: keelson backups ${proof.cluster}; with --delete they go now`,
        ]),
    ids.length === 0
      ? 'last check: no instance, volume, snapshot, security group or bucket key remains'
      : `last check: still there: ${ids.join(', ')}`,
  ].join('\n');
}
