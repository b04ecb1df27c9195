/** Search attributes of `cluster` workflows, all of type Keyword; clusters in the worker's own account have no K3sAccount. A server must know them before the first cluster is made. */
export const SEARCH_ATTRIBUTES = ['K3sPhase', 'K3sRegion', 'K3sVersion', 'K3sHealth', 'K3sAccount'] as const;
export type SearchAttribute = (typeof SEARCH_ATTRIBUTES)[number];
