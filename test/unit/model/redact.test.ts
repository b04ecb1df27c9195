import { describe, expect, it } from 'vitest';
import { redact } from '#src/model/redact.js';

const HASH = 'a1'.repeat(32);
const TOKEN = `K10${HASH}::server:0123456789abcdef0123456789abcdef`;
const KEY = [
  '-----BEGIN EC PRIVATE KEY-----',
  'MHcCAQEEIIhQ3uVkzZk1Yx0hT8VQ',
  'k5JkZk1Yx0h=',
  '-----END EC PRIVATE KEY-----',
].join('\n');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const SESSION = `IQoJb3JpZ2luX2VjE${'Ab9/'.repeat(80)}`;
const URL_ =
  'https://b.s3.amazonaws.com/clusters/demo/k3s-server-token?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=5ec4e75ec4e7';

/** The text that comes in, and what must not be left of it. */
const CASES: [string, string, RegExp][] = [
  ['a token', `joined with ${TOKEN}`, /K10|0123456789abcdef/],
  ['a token in upper case', `joined with ${TOKEN.toUpperCase()}`, /K10|0123456789ABCDEF/],
  ['a token that was cut', `joined with ${TOKEN.slice(0, 70)}`, /a1a1a1/],
  ['a token in base64', `data: ${base64(TOKEN)}`, new RegExp(base64(TOKEN).slice(10, 30))],
  [
    'a token in base64 that lost its beginning',
    `data: ${base64(TOKEN).slice(7)}`,
    new RegExp(base64(TOKEN).slice(60, 90)),
  ],
  [
    'a Basic header',
    `Authorization: Basic ${base64('server:0123456789abcdef')}`,
    new RegExp(base64('server:0123').slice(0, 12)),
  ],
  [
    'a Basic header without its name',
    `sent Basic ${base64('node:0123456789abcdef')}`,
    new RegExp(base64('node:0123').slice(0, 10)),
  ],
  ['a header in upper case', 'AUTHORIZATION: BEARER abcdefgh12345678', /abcdefgh/],
  ['a private key', `read ${KEY} done`, /MHcCAQ|k5Jk/],
  ['a private key without its end', KEY.slice(0, 60), /MHcCAQ/],
  ['a private key in one line', JSON.stringify({ key: KEY }), /MHcCAQ|k5Jk/],
  ['a private key in base64', `client-key-data: ${base64(KEY)}`, new RegExp(base64(KEY).slice(0, 20))],
  ['a private key in JSON', `{"client-key-data":"${base64(KEY).slice(0, 40)}"}`, new RegExp(base64(KEY).slice(0, 20))],
  [
    'a private key in JSON within JSON',
    JSON.stringify(JSON.stringify({ 'client-key-data': 'c2hvcnQta2V5' })),
    /c2hvcnQ/,
  ],
  ['a presigned URL', `GET ${URL_} failed`, /X-Amz|5ec4e7|k3s-server-token/],
  ['a signature alone', 'SignatureDoesNotMatch: X-Amz-Signature=5ec4e75ec4e7 is wrong', /5ec4e7/],
  ['a signature in lower case', 'x-amz-signature: 5ec4e75ec4e7', /5ec4e7/],
  ['a session token', `aws_session_token = ${SESSION}`, /IQoJ|Ab9/],
  ['a session token in JSON', `{"SessionToken":"${SESSION.slice(0, 50)}"}`, /IQoJ|Ab9/],
  ['a session token alone', `env: ${SESSION}`, /Ab9/],
  ['a secret key', 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', /wJalr|EXAMPLEKEY/],
  ['an access key', 'key ASIAIOSFODNN7EXAMPLE is expired', /IOSFODNN7/],
  ['a setting of K3s', 'K3S_TOKEN=hush-hush-hush', /hush/],
  ['a setting of K3s in YAML', 'agent-token: "hush-hush-hush"', /hush/],
  ['a password in a URL', 'proxy http://user:hush@proxy:3128 refused', /hush/],
];

describe('redact', () => {
  it.each(CASES)('masks %s', (_, text, secret) => {
    // Act
    const redacted = redact(text);
    // Assess
    expect(text).toMatch(secret);
    expect(redacted).not.toMatch(secret);
    expect(redacted).toContain('<masked>');
    expect(redact(redacted)).toBe(redacted);
  });

  it.each([
    'error: checksum of k3s v1.34.2+k3s1 is 5d5e4c4e5d5e4c4e5d5e4c4e5d5e4c4e5d5e4c4e5d5e4c4e5d5e4c4e5d5e4c4e (compare the pin)',
    'RunInstances t3.medium in subnet-0a1b2c3d4e5f60718: InsufficientInstanceCapacity: none left in eu-west-1a',
    'server-1 (i-0123456789abcdef0): join failed, exit 1: error: TokenRejected: the server refuses the token (see its log)',
    'the token was refused: restore the bucket object k3s-server-token',
    'GET https://github.com/k3s-io/k3s/releases/download/v1.34.2%2Bk3s1/sha256sum-amd64.txt: 404',
    'arn:aws:iam::123456789012:instance-profile/keelson-node-with-a-very-long-name-of-many-characters',
    'job demo-3f2a1b4c-service-start-server-0-17 on /var/lib/keelson/jobs/demo-3f2a1b4c-service-start-server-0-17/log',
    'keelson: 01999999-0000-7000-8000-0123456789ab, trace 4bf92f3577b34da6a3ce929d0e0e4736',
  ])('leaves: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('costs little for any 24,000 characters', () => {
    // Prepare
    const hostile = [
      'a',
      'a-',
      '-----BEGIN PRIVATE KEY-----',
      'token',
      'token=',
      'http://',
      'x-amz-',
      'K10a',
      'basic ',
      'authorization:',
      'aa_',
      '"\\',
    ].map((part) => part.repeat(Math.ceil(24_000 / part.length)));
    const before = process.cpuUsage();
    // Act
    for (const text of hostile) redact(text);
    // Assess
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000 / hostile.length).toBeLessThan(200);
  });
});
