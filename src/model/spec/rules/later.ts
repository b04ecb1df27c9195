import type { ClusterDocument } from '../schema.js';
import type { Rule } from './rule.js';

/** Refuses parts of the document that have no behaviour yet, because a silently ignored setting is a trap. */
const LATER: readonly { path: string[]; used: (spec: ClusterDocument['spec']) => boolean; hint: string }[] = [
  {
    path: ['spec', 'hibernation'],
    used: (spec) => spec.hibernation !== undefined,
    hint: 'leave it out; stop and start by `keelson stop` and `keelson start`',
  },
];

export const laterParts: Rule = ({ spec }) =>
  LATER.filter((part) => part.used(spec)).map(({ path, hint }) => ({
    path,
    message: 'is not supported yet',
    hint,
  }));
