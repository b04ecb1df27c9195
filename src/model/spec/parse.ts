import { visible } from '../invisible.js';
import { boundViolations } from './bounds.js';
import { mend, touches } from './mend.js';
import { RULES } from './rules/index.js';
import { type ClusterDocument, clusterSchema } from './schema.js';
import { structureViolations } from './structure.js';
import type { Violation } from './violation.js';

export type Parsed = { ok: true; document: ClusterDocument } | { ok: false; violations: Violation[] };

/**
 * Checks a cluster document and fills in its defaults. It lists every violation at once: if the structure is broken, the rules check the
 * rest. It never throws: in a workflow Temporal would retry an unexpected error for ever.
 *
 * @param value plain JSON, as read from YAML or received from Temporal
 */
export function parseDocument(value: unknown): Parsed {
  try {
    const { excess, violations: unfit } = boundViolations(value);
    return excess === null ? check(value, unfit) : { ok: false, violations: [excess] };
  } catch (error) {
    const message = `cannot be checked: ${error instanceof Error ? visible(error.message.slice(0, 200)) : 'unknown error'}`;
    return {
      ok: false,
      violations: [{ path: [], message, hint: 'see examples/ha.yaml, and report it as a defect' }],
    };
  }
}

/** @param unfit texts that are refused wherever they stand */
function check(value: unknown, unfit: readonly Violation[]): Parsed {
  const parsed = clusterSchema.safeParse(value);
  if (parsed.success && unfit.length === 0) {
    const violations = RULES.flatMap((rule) => rule(parsed.data));
    return violations.length === 0
      ? { ok: true, document: parsed.data }
      : { ok: false, violations: distinct(violations) };
  }
  const places = new Set(unfit.map((violation) => JSON.stringify(violation.path)));
  const structure = parsed.success ? [] : structureViolations(clusterSchema, value, parsed.error.issues);
  const broken = [...unfit, ...structure.filter((violation) => !places.has(JSON.stringify(violation.path)))];
  // The answer has no room for more, and each round copies the document.
  const beside = broken.length > MAX_VIOLATIONS ? [] : ruleViolationsBeside(value, broken);
  return { ok: false, violations: distinct([...broken, ...beside]) };
}

/** Removing one broken part may leave its holder incomplete, so it takes a few rounds; documents are not deeper. */
const ROUNDS = 8;

/** Returns the rules' findings in the readable parts of a broken document. */
function ruleViolationsBeside(value: unknown, broken: readonly Violation[]): Violation[] {
  let rest = value;
  const taken: Violation[] = [];
  for (let round = 0, next = broken; round < ROUNDS; round++) {
    if (next.some((violation) => violation.path.length === 0)) return [];
    taken.push(...next);
    rest = mend(rest, next);
    const parsed = clusterSchema.safeParse(rest);
    if (parsed.success) {
      const found = RULES.flatMap((rule) => rule(parsed.data));
      return found.filter((violation) => !taken.some((one) => touches(one.path, violation.path)));
    }
    next = structureViolations(clusterSchema, rest, parsed.error.issues);
  }
  return [];
}

/** No one reads more; and a workflow's history and events have to stay small, whatever someone sends. */
const MAX_VIOLATIONS = 100;

function distinct(violations: readonly Violation[]): Violation[] {
  const seen = new Map(violations.map((violation) => [JSON.stringify([violation.path, violation.message]), violation]));
  const all = [...seen.values()];
  if (all.length <= MAX_VIOLATIONS) return all;
  const more = {
    path: [],
    message: `has ${all.length - MAX_VIOLATIONS} further violations`,
    hint: 'correct these first',
  };
  return [...all.slice(0, MAX_VIOLATIONS), more];
}
