import { departedManifests, manifestsFingerprint, outdatedBundles, outdatedServers } from '../node-files/wanted.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import type { PlanBuilder } from './steps.js';

/**
 * Stores the nodes' files in the bucket first: everyone who may list SSM's commands can read them, and they hold 64 KiB. The files are
 * there long before the first node asks for them. [docs: SSM SendCommand; docs/adr/0035]
 */
export function planBundles(plan: PlanBuilder, document: ClusterDocument, state: ClusterState): void {
  if (outdatedBundles(document, state).length === 0) return;
  plan.add({
    kind: 'store-files',
    phase: state.initializedAt === null ? 'Pending' : 'Updating',
    after: ['adopt'],
    title: 'put manifests and files of the nodes into the bucket',
    reason: 'nodes fetch them from there',
  });
}

/**
 * Sets the manifests of running servers, without a restart: K3s applies changed ones, and deleted ones take their resources along. A
 * starting server gets them in its own job, so that it never leads with old ones.
 */
export function planManifests(plan: PlanBuilder, document: ClusterDocument, state: ClusterState): void {
  const departed = departedManifests(document, state);
  const due = outdatedServers(document, state);
  if (due.length === 0 && departed.length === 0) return;
  const names = document.spec.k3s.manifests.map(({ name }) => name);
  const byHand = departed.length === 0 && due.every(({ manifests }) => manifests === manifestsFingerprint(document));
  const what = [
    due.length > 0 && manifestsFingerprint(document) !== null ? `put ${names.join(', ')} in place` : '',
    departed.length > 0 ? `delete the resources of ${departed.join(', ')}` : '',
  ].filter((text) => text !== '');
  const starts = plan.steps.filter(({ kind }) => kind === 'start-service' || kind === 'remove-node');
  plan.add({
    kind: 'set-manifests',
    phase: 'Updating',
    after: ['store-files', ...starts.map(({ id }) => id)],
    title: `manifests: ${what.join('; ') || 'take them away'}`,
    reason: byHand ? 'someone has changed them on a server' : 'the document asks for other manifests',
  });
}
