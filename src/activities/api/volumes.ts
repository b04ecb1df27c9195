/** Root volumes that are saved, and data volumes. */
import type { DataVolumeRequest, KeptDataVolume } from '../../model/volumes/requests.js';
import type { CallContext } from './call.js';

export interface SaveVolumeInput extends CallContext {
  instanceId: string;
  slot: string;
  generation: number;
  how: 'snapshot' | 'keep';
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

/** What was saved of a root volume. */
export interface SavedVolume {
  kind: 'snapshot' | 'volume';
  id: string;
}

/** The data volumes of a new instance. */
export interface ProvideVolumesInput extends CallContext {
  instanceId: string;
  slot: string;
  generation: number;
  /** As the launch asked for them. */
  volumes: DataVolumeRequest[];
  /** Kept volumes of the slot that the workflow has recorded, by name. */
  known: Record<string, KeptDataVolume>;
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

/** A data volume that is attached to its instance. */
export interface ProvidedVolume {
  name: string;
  id: string;
  zone: string;
  /** `made`: new and empty; `lost`: new, because EC2 does not know the recorded one any more. */
  origin: 'launch' | 'made' | 'lost' | 'kept';
}

/** A kept data volume that carries the cluster's tags and proves to be the cluster's. */
export interface FoundDataVolume extends KeptDataVolume {
  slot: string;
  name: string;
}

/** What may still hold the data of a server: an instance that is not terminated, or a volume. */
export interface ServerDisk {
  id: string;
  /** Empty where its tag is missing. */
  slot: string;
}
