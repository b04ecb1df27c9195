import { type Change, diffDocuments } from '../../model/diff.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { Clusters } from './clusters.js';

/** Returns the differences between the document in force and this one, field by field. */
export async function changesOf(clusters: Clusters, document: ClusterDocument): Promise<Change[]> {
  return diffDocuments(await clusters.document(document.metadata.name), document, null);
}
