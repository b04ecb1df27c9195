import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KNOWN_ERRORS } from '#src/model/errors/index.js';

/** Where codes of our own are given. */
const GIVEN: Record<string, RegExp[]> = {
  '.ts': [
    // failure('class', 'Code', ...), invalid('Code', ...), { code: 'Code' }
    /(?:\bcode:\s*|failure\(\s*'[a-z-]+',\s*|invalid\(\s*)'([A-Z][A-Za-z.]+)'/g,
    // The class of an update's refusal: { type: 'Refused' }; and what an error without a code of its own is called.
    /\btype: '([A-Z][A-Za-z]+)'(?!;)(?! as)/g,
    /return '(Un[a-z][A-Za-z]+)';/g,
    // By outcome of a job: failed: 'NodeScriptFailed'
    /^\s*'?(?:failed|timed-out|interrupted|undelivered)'?: '([A-Z][A-Za-z]+)',$/gm,
    // nonRetryable(message, 'InvalidSpec')
    /^\s*'(InvalidSpec|InvalidRequest|Refused)',$/gm,
  ],
  '.sh': [
    /(?:^|\|\||&&|then|else|;|\))\s*fail ([A-Z][A-Za-z]+) /gm,
    /\bfatal "\$1" ([A-Z][A-Za-z]+)/g,
    // A job that has not begun.
    /^\s*refuse ([A-Z][A-Za-z]+) /gm,
    // transfer_failed WHAT PLACE MISSING: the code of a 404
    /transfer_failed (?:'[^']*'|"[^"]*") (?:Mirror|Bucket) ([A-Z][A-Za-z]+)/g,
  ],
};

function codesIn(folder: string): string[] {
  const ending = folder.endsWith('node-scripts') ? '.sh' : '.ts';
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .flatMap((entry) => {
      const comments = ending === '.sh' ? /^\s*#.*$/gm : /^\s*(?:\/\/|\/?\*).*$/gm;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8').replaceAll(comments, '');
      return (GIVEN[ending] ?? []).flatMap((pattern) => [...text.matchAll(pattern)]);
    })
    .map(([, code]) => code ?? '')
    .filter((code) => !EVENTS.has(code));
}

/** Types of events, which look like codes. */
const EVENTS = new Set(['Normal', 'Warning']);

/** `transfer_failed` puts them together of the place and the outcome. */
/** Only the bucket answers that an object has changed: requests to mirrors bear no condition. */
const TRANSFERS = [
  'MirrorRefused',
  'MirrorUnreachable',
  'BucketFull',
  'BucketRefused',
  'BucketUnreachable',
  'BucketChanged',
];

const FOLDERS = [
  'src/activities',
  'src/aws',
  'src/worker',
  'src/workflows',
  'src/model/requests',
  'src/model/plan',
  'src/model/spec',
  'src/model/health',
  'src/model/trust',
  'src/node-scripts',
  'src/worker',
];

describe('table of errors', () => {
  it.each(FOLDERS)('has every code that %s gives', (folder) => {
    // Act
    const codes = codesIn(folder);
    // Assess
    expect(codes.filter((code) => !Object.hasOwn(KNOWN_ERRORS, code))).toEqual([]);
    expect(codes.length).toBeGreaterThan(0);
  });

  it('has the codes that transfers of nodes give', () => {
    const text = readFileSync('src/node-scripts/lib/transfer.sh', 'utf8');
    expect([...text.matchAll(/fail "\$(?:2|\{2\})([A-Z][a-z]+)"/g)].map(([, outcome]) => outcome)).toEqual([
      'Changed',
      'Full',
      'Refused',
      'Unreachable',
    ]);
    expect(TRANSFERS.filter((code) => !Object.hasOwn(KNOWN_ERRORS, code))).toEqual([]);
  });

  it('has no code of our own that no one gives', () => {
    const given = new Set([...FOLDERS.flatMap(codesIn), ...TRANSFERS]);
    const own = Object.entries(KNOWN_ERRORS).filter(([, { source }]) => source === 'Keelson');
    expect(own.map(([code]) => code).filter((code) => !given.has(code))).toEqual([]);
  });
});
