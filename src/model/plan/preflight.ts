import type { WantedSlot } from '../ids.js';
import { isImageTooOld } from '../image-age.js';
import { instancesOf } from '../instances-of.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { planSecurityGroups } from './security-groups.js';
import type { PlanBuilder } from './steps.js';
import { launchConfigKeyOf } from './wanted.js';

export function planPreflight(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  wanted: WantedSlot[],
  now: string,
): void {
  const launching = wanted.some((one) => !state.slots[one.name]?.instance);
  const isOld = launching && isImageTooOld(state, now);
  if (state.launchConfig === null || state.launchConfigKey !== launchConfigKeyOf(document) || isOld) {
    plan.add({
      kind: 'preflight',
      phase: 'Pending',
      after: [],
      title: 'check image, instance types, subnets and K3s release',
      reason:
        state.launchConfig === null
          ? 'nothing is known of the account yet'
          : state.launchConfigKey === null
            ? 'the image is gone'
            : isOld
              ? 'the image was chosen longer ago than spec.image.maxAgeDays'
              : 'the document asks for something else',
    });
  }
  planSecurityGroups(plan, document, state, launching || instancesOf(state).length > 0);
}
