import type { DeletionProof } from '../../workflows/messages.js';
import { moment } from './time.js';

/** What a delete proves. */
export function proofText(proof: DeletionProof): string {
  const { left } = proof;
  const lists =
    left === null ? [] : [left.instances, left.volumes, left.snapshots, left.securityGroups, left.bucketKeys];
  const remains = lists.flat();
  const swept = proof.swept.length === 0 ? '' : `, ${proof.swept.length} more found by tag and removed`;
  return [
    `${proof.cluster} is gone since ${moment(proof.deletedAt)} (uid ${proof.uid}): ${proof.terminated.length} instance(s) terminated${swept}`,
    ...(proof.kept.length === 0 ? [] : [`of nodes that were replaced, deleted with it: ${proof.kept.join(', ')}`]),
    ...(proof.backupsUntil === null
      ? []
      : [
          `its backups stay until ${moment(proof.backupsUntil)}: keelson backups ${proof.cluster}; with --delete they go now`,
        ]),
    remains.length === 0
      ? 'last look: no instance, volume, snapshot, security group or bucket key is left'
      : `last look: still there: ${remains.join(', ')}`,
  ].join('\n');
}
