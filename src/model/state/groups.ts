/** A security group that Keelson has made for the cluster. */
export interface OwnGroup {
  id: string;
  /** Keys of its rules, as Keelson set or observed them last; null while unknown. */
  rules: string[] | null;
}

/** State of the cluster's own groups. */
export interface OwnGroups {
  server: OwnGroup;
  /** Null until a document names a pool; it stays when the last pool goes. */
  agent: OwnGroup | null;
  /** Fingerprint of the rules that Keelson set last: it distinguishes a change of the document from one by someone else. */
  setFor: string | null;
  /** Why AWS refuses the rules with this fingerprint; Keelson does not try them again until the document changes or `retry`. */
  refused: { for: string; message: string } | null;
}

/** Groups that Keelson has given an instance. */
export interface GivenGroups {
  ids: string[];
  /** When Keelson changed them on an instance that existed, ISO 8601; missing if it was launched with them. */
  at?: string;
}

/** Groups that AWS refuses to give an instance. */
export interface RefusedGroups {
  ids: string[];
  message: string;
}
