/** Search attributes of `cluster` workflows, all of type Keyword. A server must know them before the first cluster is made. */
export const SEARCH_ATTRIBUTES = ['K3sPhase', 'K3sRegion', 'K3sVersion', 'K3sHealth'] as const;
export type SearchAttribute = (typeof SEARCH_ATTRIBUTES)[number];
