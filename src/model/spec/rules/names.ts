import { MAX_NODE_NAME, nodeNameOf, RESERVED_POOL, slotName } from '../../ids.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** Replacing a node once a day for 27 years stays below this. */
const MAX_GENERATION = 9999;

/** Checks composed names: unique, and not longer than Kubernetes allows. */
export const names: Rule = ({ metadata, spec }) => {
  const violations: Violation[] = [];
  const seen = new Map<string, number>();
  for (const [index, pool] of spec.pools.entries()) {
    const path = ['spec', 'pools', index, 'name'];
    const first = seen.get(pool.name);
    if (first !== undefined) {
      violations.push({
        path,
        message: `"${pool.name}" is the name of spec.pools[${first}] too`,
        hint: 'give each pool a name of its own',
      });
    }
    seen.set(pool.name, first ?? index);
    if (pool.name === RESERVED_POOL) {
      violations.push({
        path,
        message: `"${RESERVED_POOL}" is reserved for the servers`,
        hint: 'for example workers',
      });
    }
    const longest = nodeNameOf(metadata.name, slotName(pool.name, Math.max(0, pool.count - 1)), MAX_GENERATION);
    const excess = longest.length - MAX_NODE_NAME;
    if (excess > 0) {
      violations.push({
        path,
        message: `node names such as ${longest} have more than ${MAX_NODE_NAME} characters`,
        hint: `shorten the pool's name or the cluster's by ${excess}`,
      });
    }
  }
  return violations;
};
