/** What texts are made of: pieces that a parser or a pattern may start to match again and again. */
import { RESULT_FAMILIES, RESULT_KEYS } from '#src/node-scripts/results.js';

export const YAML_PIECES: readonly string[] = [
  ...[
    'a',
    'b: ',
    ' ',
    '\n',
    '- ',
    '? ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '\t',
    '\r\n',
    '"',
    "'",
    '\\',
    '#',
    '<<',
    '>',
    '@',
    '`',
  ],
  ...[
    '&a ',
    '*a ',
    '&',
    '*',
    '!',
    '!t ',
    '!<x> ',
    '!!binary ',
    '|\n',
    '>-\n',
    '---\n',
    '...\n',
    '%x\n',
    '%YAML 1.2\n---\n',
  ],
  ...[
    '[a]: ',
    '{a}: ',
    '"\\q"',
    '"\\x',
    '01 ',
    '0x',
    '1e999 ',
    '~',
    'spec: ',
    '\u2028',
    '\u00a0',
    '\u00e9',
    '\u{1f600}',
  ],
];

const DOCUMENT = `apiVersion: keelson/v1
kind: Cluster
metadata: { name: demo }
spec:
  region: eu-west-1
  mode: ha
  servers: { instanceType: t3.medium }
  k3s: { version: v1.34.2+k3s1 }
`;

export const YAML_BEGINS: readonly string[] = [
  ...['', '%YAML 1.1\n---\n', '[', '{', 'a: "', "a: '", 'a: |\n ', 'a: >-\n  ', 'a: &a [b]\n', '# '],
  ...[`${DOCUMENT}  tags: {`, `${DOCUMENT}  tags:\n    `, `${DOCUMENT}  pools: [`],
];

const JOB = 'demo-verify-server-0-1';
const HEAD = `keelson-job id=${JOB} outcome=done exit=0\nkeelson-result\n`;

export const NODE_BEGINS: readonly string[] = [
  ...['', HEAD, `${HEAD}keelson-log\n`, `${HEAD}node.demo-server-0-g1=`, '-----BEGIN PRIVATE KEY-----'],
];

export const NODE_PIECES: readonly string[] = [
  ...[
    'keelson-job ',
    `keelson-job id=${JOB} outcome=`,
    'keelson-result\n',
    'keelson-log\n',
    `keelson-key id=${JOB} key=`,
  ],
  ...['node.demo-server-0-g1=', 'member.', 'code=', 'True,', ...RESULT_KEYS.slice(0, 5).map((key) => `${key}=`)],
  ...RESULT_FAMILIES.map((family) => `${family}.`),
  ...[
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN ',
    'PRIVATE KEY',
    'X-Amz-Signature',
    'X-Amz-',
    'https://',
    'https:',
    'a://',
  ],
  ...['K10ffffff', '::server:', 'token', 'password', 'authorization', 'bearer ', 'AKIA', 'QUFB', 'x'.repeat(99)],
  ...['"\\"', "'", '=', ':', '%0A', ' ', '\t', '\n', '\r', '\0', '\u001b[2J', '\u202e', '\ud800'],
];

export const MESSAGE_PIECES: readonly string[] = [
  ...['[', '{"a":', '"', '\\', '\\u', '\\ud800', ',', '1', '1e', '-', 'null,', '{}', ' ', '\n', '\0', 'x', ']', '}'],
];
