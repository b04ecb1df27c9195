import { OWN_TAGS } from '../../tags.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** Limits of tags. [docs: EC2, tag restrictions] */
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const RESERVED = [
  { prefix: 'aws:', owner: 'AWS' },
  { prefix: 'keelson:', owner: 'Keelson' },
];

/** Checks the document's own AWS tags, next to those that Keelson sets. */
export const awsTags: Rule = ({ spec }) => {
  const violations = Object.entries(spec.tags).flatMap(([key, value]) => checkTag(key, value));
  const count = Object.keys(spec.tags).length;
  if (count + OWN_TAGS > MAX_TAGS) {
    violations.push({
      path: ['spec', 'tags'],
      message: `has ${count} tags`,
      hint: `at most ${MAX_TAGS - OWN_TAGS}: AWS allows ${MAX_TAGS}, Keelson needs ${OWN_TAGS}`,
    });
  }
  return violations;
};

function checkTag(key: string, value: string): Violation[] {
  const violations: Violation[] = [];
  const add = (message: string, hint: string): void => {
    violations.push({ path: ['spec', 'tags', key], message, hint });
  };
  const reserved = RESERVED.find(({ prefix }) => key.toLowerCase().startsWith(prefix));
  if (reserved !== undefined)
    add(`the prefix ${reserved.prefix} is reserved for ${reserved.owner}`, 'use another prefix');
  if (key === 'Name') add('Name is set by Keelson', 'use another key');
  if (key.length === 0 || key.length > MAX_KEY) add(`the key has ${key.length} characters`, `1 to ${MAX_KEY}`);
  if (value.length > MAX_VALUE) add(`the value has ${value.length} characters`, `at most ${MAX_VALUE}`);
  if (!ALLOWED.test(key) || !ALLOWED.test(value)) {
    add('has characters that AWS refuses in tags', 'letters, digits, spaces and _ . : / = + - @');
  }
  return violations;
}
