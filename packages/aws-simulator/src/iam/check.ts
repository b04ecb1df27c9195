/** What a call needs before it is carried out. [Service Authorization Reference] */

export type Keys = Record<string, string | string[]>;

/** One required permission: an action on a resource. */
export interface Check {
  /** e.g. `ec2:RunInstances` */
  action: string;
  /** ARN, or `*` for an action without a resource. */
  resource: string;
  /** As the Service Authorization Reference names it, e.g. `instance`; null for an action without a resource. */
  kind: string | null;
  /** Condition keys of this check. The evaluator drops those that such a request does not carry. */
  keys: Keys;
  /** A service asks in the caller's name (a forward access session): the request carries none of the caller's own keys. */
  viaService?: true;
}
