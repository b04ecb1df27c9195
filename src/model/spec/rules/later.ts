import type { ClusterDocument } from '../schema.js';
import type { Rule } from './rule.js';

/** Parts of the document whose behaviour is still to come. Refused, for a setting that is silently ignored is a trap. */
const LATER: readonly { path: string[]; used: (spec: ClusterDocument['spec']) => boolean; remedy: string }[] = [
  {
    path: ['spec', 'hibernation'],
    used: (spec) => spec.hibernation !== undefined,
    remedy: 'leave it out; stop and start by `keelson stop` and `keelson start`',
  },
];

export const laterParts: Rule = ({ spec }) =>
  LATER.filter((part) => part.used(spec)).map(({ path, remedy }) => ({
    path,
    message: 'is not supported yet',
    remedy,
  }));
