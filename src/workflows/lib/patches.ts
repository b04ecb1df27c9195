/**
 * Names of changes after which the code no longer gives the same commands to a history that was begun before [docs: Temporal, patching].
 * A name is never used again for another change.
 */

/** A loss that costs the quorum ends all steps, and Keelson observes a known loss without a back-off after a failed step. */
export const LOSSES_END_STEPS = 'losses-end-steps';

/** A cluster that is resumed is observed before anything else. */
export const RESUMED_OBSERVES = 'resumed-observes';
