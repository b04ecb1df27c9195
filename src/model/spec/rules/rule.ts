import type { ClusterDocument } from '../schema.js';
import type { Violation } from '../violation.js';

/** Checks relations between the fields of a document whose structure is right. Pure. */
export type Rule = (document: ClusterDocument) => Violation[];
