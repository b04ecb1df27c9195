import type { ClusterDocument } from '../schema.js';
import type { Violation } from '../violation.js';

/** Looks at a document whose structure is right; says what does not hold between its fields. Pure. */
export type Rule = (document: ClusterDocument) => Violation[];
