import type { NodeInstance } from '../../../model/state.js';
import { type Cluster, emit } from '../context.js';

/** Emits an event where an instance has another type than Keelson knows: Keelson notes its own change of a type before it is seen. */
export function tellType(cluster: Cluster, slot: string, known: NodeInstance, seen: Pick<NodeInstance, 'type'>): void {
  if (known.type === seen.type) return;
  const types = `${known.type} -> ${seen.type}`;
  emit(cluster, 'Warning', 'TypeChanged', `${slot}: ${known.id} has another type, set by someone else: ${types}`);
}
