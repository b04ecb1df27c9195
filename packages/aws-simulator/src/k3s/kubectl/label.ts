/** `kubectl label` and `kubectl taint` of Nodes, with kubectl's own refusals. [kubectl source: pkg/cmd/label, pkg/cmd/taint] */
import { type CommandReply, reply } from '../../machine/systemctl.js';
import type { KubeNode } from '../node.js';
import { type KubectlContext, notFound, pick } from './context.js';

const NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const isChange = (word: string): boolean => /[=:]/.test(word) || word.endsWith('-');
const error = (text: string): CommandReply => reply(1, '', `error: ${text}\n`);

export function label({ cluster }: KubectlContext, words: string[], overwrite: boolean): CommandReply {
  const { found, missing } = pick(
    cluster,
    words.filter((word) => !isChange(word)),
  );
  const changes = words.filter(isChange);
  if (missing !== undefined) return reply(1, '', notFound(missing));
  if (changes.length === 0) return error('at least one label update is required');
  const sets = changes.filter((word) => word.includes('=')).map(pairOf);
  const removals = changes.filter((word) => !word.includes('=')).map((word) => word.slice(0, -1));
  const bad = sets.find(([key, value]) => !NAME.test(key) || !VALUE.test(value));
  if (bad !== undefined) return error(`invalid label: ${bad.join('=')}`);
  if (sets.some(([key]) => removals.includes(key)))
    return error('can not both modify and remove a label in the same command');
  let told = '';
  for (const node of found) {
    const taken = sets.find(([key, value]) => (node.labels[key] ?? value) !== value);
    if (taken !== undefined && !overwrite)
      return error(`'${taken[0]}' already has a value (${node.labels[taken[0]]}), and --overwrite is false`);
    const before = JSON.stringify(node.labels);
    for (const [key, value] of sets) node.labels[key] = value;
    for (const key of removals) delete node.labels[key];
    told += `node/${node.name} ${JSON.stringify(node.labels) === before ? 'not labeled' : 'labeled'}\n`;
  }
  return reply(0, told);
}

/** Key and effect identify a taint; a missing one cannot be removed. */
export function taint({ cluster }: KubectlContext, words: string[], overwrite: boolean): CommandReply {
  const { found, missing } = pick(
    cluster,
    words.filter((word) => !isChange(word)),
  );
  if (missing !== undefined) return reply(1, '', notFound(missing));
  const changes = words.filter(isChange);
  if (changes.length === 0) return error('at least one taint update is required');
  const removals = changes.filter((word) => word.endsWith('-')).map((word) => parseTaint(word.slice(0, -1)));
  const sets = changes.filter((word) => !word.endsWith('-')).map(parseTaint);
  const bad = [...sets.filter(({ effect }) => !EFFECTS.includes(effect)), ...removals, ...sets].find(
    ({ key, value, effect }) =>
      !NAME.test(key) || !VALUE.test(value ?? '') || (effect !== '' && !EFFECTS.includes(effect)),
  );
  if (bad !== undefined || sets.some(({ effect }) => effect === ''))
    return error(`invalid taint spec: ${changes.join(' ')}`);
  let told = '';
  for (const node of found) {
    const same = (one: Taint, other: Taint): boolean =>
      one.key === other.key && (one.effect === other.effect || other.effect === '');
    const there = sets.find((wanted) => node.taints.some((one) => same(one, wanted)));
    if (there !== undefined && !overwrite)
      return error(`node ${node.name} already has ${there.key} taint(s) with same effect(s) and --overwrite is false`);
    const absent = removals.find((gone) => !node.taints.some((one) => same(one, gone)));
    if (absent !== undefined) return error(`taint "${absent.key}${absent.effect && `:${absent.effect}`}" not found`);
    node.taints = [
      ...node.taints.filter((one) => ![...sets, ...removals].some((change) => same(one, change))),
      ...sets,
    ];
    told += `node/${node.name} ${overwrite || (sets.length > 0 && removals.length > 0) ? 'modified' : sets.length > 0 ? 'tainted' : 'untainted'}\n`;
  }
  return reply(0, told);
}

type Taint = KubeNode['taints'][number];

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `key=value:Effect`, `key:Effect`, and for a removal `key` alone. */
function parseTaint(text: string): Taint {
  const [left = '', effect = ''] = text.split(':');
  const [key = '', value] = left.split('=');
  return { key, ...(value !== undefined && value !== '' && { value }), effect };
}
