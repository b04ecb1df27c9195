import { flagOf } from '../../k3s/flag-of.js';
import { baseKey, isServerOnly } from '../../k3s/keys.js';
import type { Violation } from '../violation.js';
import { componentNumbers } from './component-numbers.js';
import { componentValues } from './component-values.js';
import { k3sArgs } from './k3s-args.js';
import { k3sChoices } from './k3s-choices.js';
import { k3sConfig } from './k3s-config.js';
import { k3sSettings } from './k3s-settings.js';
import { k3sValues } from './k3s-values.js';
import type { Rule } from './rule.js';

/** Checks that hold for `spec.k3s.config` whatever the role of the node. */
const ALIKE: readonly Rule[] = [
  k3sConfig,
  k3sValues,
  k3sChoices,
  k3sSettings,
  k3sArgs,
  componentValues,
  componentNumbers,
];

/** Keelson sets them through the API for each pool, without a restart. */
const OWN_FIELDS: Readonly<Record<string, string>> = {
  'node-label': 'spec.pools[].labels',
  'node-taint': 'spec.pools[].taints',
};

/** Checks `pools[].config` by the rules of `k3s.config`; it may hold only what an agent knows. */
export const poolConfig: Rule = (document) =>
  document.spec.pools.flatMap((pool, index) => {
    if (Object.keys(pool.config).length === 0) return [];
    const k3s = { ...document.spec.k3s, config: pool.config };
    const alone = { ...document, spec: { ...document.spec, k3s } };
    const at = (violation: Violation): Violation => ({
      ...violation,
      path: ['spec', 'pools', index, 'config', ...violation.path.slice(3)],
    });
    const wrong = ALIKE.flatMap((rule) => rule(alone)).map(at);
    const known = new Set(wrong.map(({ path }) => path[4]));
    return [
      ...wrong,
      ...Object.keys(pool.config)
        .filter((key) => !known.has(key))
        .flatMap((key) => forAgents(key, ['spec', 'pools', index, 'config', key])),
    ];
  });

function forAgents(key: string, path: (string | number)[]): Violation[] {
  const base = baseKey(key);
  const own = Object.hasOwn(OWN_FIELDS, base) ? OWN_FIELDS[base] : undefined;
  if (own !== undefined) return [{ path, message: 'is a field of the pool', hint: `write ${own}`, about: 'key' }];
  if (flagOf(base) === undefined || !isServerOnly(key)) return [];
  return [{ path, message: 'is a setting of servers', hint: 'put it into spec.k3s.config', about: 'key' }];
}
