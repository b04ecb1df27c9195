import { failure } from '../aws/failure.js';

/** Longer than a workflow takes from what it has seen to what it asks for, also on a busy worker; much shorter than servers take to fail one after the other. */
const FRESH_MS = 60_000;

/**
 * Refuses a call that takes a server down when the look at the quorum that has allowed it is old. A workflow goes by the time of results [ADR 0079],
 * so it takes one that has waited while no worker ran for new; Temporal's server knows when it was asked for.
 *
 * @param seenAt when the quorum was seen, @param askedAt when the workflow has asked for the call; milliseconds by the clock of Temporal's server
 * @throws ApplicationFailure `QuorumSeenLongAgo`, which Temporal does not repeat: the gate has to look again
 */
export function refuseWhenOld(seenAt: number | undefined, askedAt: number): void {
  if (seenAt === undefined || askedAt - seenAt <= FRESH_MS) return;
  throw failure({
    code: 'QuorumSeenLongAgo',
    class: 'conflict',
    message: `the quorum was seen ${Math.round((askedAt - seenAt) / 1_000)} s before the server was to be taken down; nothing was taken down`,
    hint: 'nothing; Keelson looks at the quorum again',
    nonRetryable: true,
  });
}
