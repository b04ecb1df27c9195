/** What the account offers for a document. */
import type { Founding } from '../../model/plan/founding.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { Architecture, LaunchConfig } from '../../model/state.js';
import type { CallContext } from './call.js';

export interface PreflightInput extends CallContext {
  document: ClusterDocument;
  /** Types to ask for where they are not just the document's: some were given up. */
  instanceTypes?: string[];
  /** Whether a node has taken the networks of pods and services: then they are not compared with the VPC's any more. */
  networksInUse?: boolean;
  /** Names of the slots that get an instance, where that is not each slot of the document: some have one. */
  launching?: string[];
  /** What the first server of a new cluster founds it with at its first boot. */
  founding?: Founding;
  /** Whether an earlier look-up was made for the cluster: then this one wants what is so now. */
  again?: boolean;
}

export interface PreflightResult {
  launchConfig: LaunchConfig;
  /** User data by architecture: the prepare-and-prefetch script, rendered. */
  userData: Partial<Record<Architecture, { id: string; text: string }>>;
  /** The same for the first server, if it founds the cluster at its first boot and that fits into user data. */
  founding?: Partial<Record<Architecture, { id: string; text: string }>>;
  /** Where the worker cannot read the K3s release: nodes may, so it stops nothing. */
  mirrorProblem?: { url: string; reason: string } | null;
}
