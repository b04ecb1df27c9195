import type { SecurityGroup } from '@aws-sdk/client-ec2';
import { ruleKeysIn } from '../../aws/security-groups/rules.js';
import { tagValue } from '../../aws/tags.js';
import { DRILL_SLOT } from '../../model/drill/state.js';
import { rulesDigest } from '../../model/security-groups/keys.js';
import { TAG } from '../../model/tags.js';

/** What counts of a security group. */
export interface KnownGroup {
  id: string;
  /** Empty for one without a cluster, or of a drill: that has a workflow of its own. */
  cluster: string;
  uid: string;
  digest: string;
}

export function knownGroup(group: SecurityGroup): KnownGroup {
  const { Tags, GroupId: id = '' } = group;
  const isOfDrill = tagValue(Tags, TAG.slot) === DRILL_SLOT;
  return {
    id,
    cluster: isOfDrill ? '' : (tagValue(Tags, TAG.cluster) ?? ''),
    uid: tagValue(Tags, TAG.uid) ?? '',
    digest: rulesDigest(ruleKeysIn(group)),
  };
}
