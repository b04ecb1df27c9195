/** Context of every call of an activity, and details of a failed one. */
import type { AccountRole } from '../../model/account-role.js';
import type { ErrorClass } from '../../model/state.js';

export interface ErrorDetail {
  /** AWS code (`InsufficientInstanceCapacity`), or ours in CamelCase (`NodeScriptFailed`). */
  code: string;
  class: ErrorClass;
  /** What was tried, on what, and what came back. No secrets. */
  message: string;
  hint: string;
  /** Instance types that are unavailable, if that is the cause. */
  types?: string[];
}

/** Context of a call: region and account, cluster, and operation. */
export interface CallContext {
  region: string;
  /** Role to assume in the account of the cluster; absent in the worker's own. */
  account?: AccountRole;
  cluster: string;
  uid: string;
  operation: string;
  traceId: string;
  /** Span of the step, or of the operation, that the call belongs to: 16 hex digits; absent outside of operations. */
  span?: string;
  /** Fencing generation of the workflow's claim to the name; absent before the claim. */
  claim?: number;
  /**
   * Of a call that takes a server down: when the quorum gate saw what has opened it, in milliseconds since 1970. The call is refused when that is
   * too long ago by the time that the workflow asks for it.
   */
  quorumSeenAt?: number;
  /** It brings back what has run: where calls take turns, it goes before what makes something new. */
  urgent?: true;
  /** Of a create that is one of many: waits that harm no one when two workers do them beat half as often. [docs/adr/0097] */
  amongMany?: true;
}

/** Context of a region watch's calls. */
export interface RegionScope {
  region: string;
  /** Role to assume in the watched account; absent in the worker's own. */
  account?: AccountRole;
  operation: string;
  traceId: string;
}
