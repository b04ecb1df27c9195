import { serverCountOf } from '../../ids.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** Limits of one cluster; larger needs want a second cluster. */
const MAX_AGENTS = 500;

/** Checks that mode, pools and the number of unavailable nodes fit together. */
export const size: Rule = ({ spec }) => {
  const violations: Violation[] = [];
  const agents = spec.pools.reduce((sum, pool) => sum + pool.count, 0);
  if (agents > MAX_AGENTS) {
    violations.push({
      path: ['spec', 'pools'],
      message: `has ${agents} agents in all`,
      hint: `at most ${MAX_AGENTS}; make a second cluster for more`,
    });
  }
  const { count } = spec.servers;
  if (count !== undefined && (count === 1) !== (spec.mode === 'dev')) {
    violations.push({
      path: ['spec', 'servers', 'count'],
      message: `is ${count} in mode ${spec.mode}`,
      hint: spec.mode === 'dev' ? '1, or mode ha' : '3, 5 or 7, or mode dev',
    });
  }
  const largest = Math.max(0, ...spec.pools.map((pool) => pool.count));
  const { maxUnavailable } = spec.upgrade;
  if (typeof maxUnavailable === 'number' && maxUnavailable > 1 && maxUnavailable >= largest) {
    violations.push({
      path: ['spec', 'upgrade', 'maxUnavailable'],
      message: `is ${maxUnavailable}, and the largest pool has ${largest} agents: all of them would be away at once`,
      hint: `at most ${Math.max(1, largest - 1)}`,
    });
  }
  if (agents === 0 && allServersRepel(spec.k3s.config)) {
    violations.push({
      path: ['spec', 'k3s', 'config', 'node-taint'],
      message: `keeps pods off all ${serverCountOf(spec)} servers of mode ${spec.mode}, and there are no agents`,
      hint: 'add a pool with a count, or leave the taint out',
    });
  }
  return violations;
};

/** K3s's own add-ons tolerate CriticalAddonsOnly; people's workloads do not. [docs: K3s, node labels and taints] */
function allServersRepel(config: Record<string, unknown>): boolean {
  const taints = [config['node-taint'], config['node-taint+']].flat();
  return taints.some((taint) => typeof taint === 'string' && /:(NoSchedule|NoExecute)(,|$)/.test(taint));
}
