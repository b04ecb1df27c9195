/**
 * Names of changes after which the code no longer gives the same commands to a history that was begun before [docs: Temporal, patching].
 * A name is never used again for another change.
 */

/** A loss that costs the quorum ends all steps, and one that is known when a step has failed is looked at without a back-off. */
export const LOSSES_END_STEPS = 'losses-end-steps';
