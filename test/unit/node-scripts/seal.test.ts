/** The key pair of a node and what is sealed to it: by Node's crypto on one side, under a real bash and openssl on the other. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderUserData } from '#src/node-scripts/render.js';
import { reportedKey, seal, urlLines } from '#src/node-scripts/seal.js';
import { hereDocument } from '#src/node-scripts/shell.js';
import { TestNode, until } from './support/node.js';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
});
afterEach(() => node.destroy());

const KEY_FILE = 'var/lib/keelson/seal-key';
const URL_ = 'https://bucket.example/key?X-Amz-Security-Token=dG9rZW4rLz0%3D&X-Amz-Signature=abcdef';
const SAY =
  'url TOKEN_PUT; say "$url" >>"$R/seen"; for header in ${url_headers[@]+"${url_headers[@]}"}; do say "$header" >>"$R/seen"; done';

describe('the key of a node', () => {
  it('is for root alone, and the same after a reboot', () => {
    const key = node.key();
    node.bootId('boot-2');

    expect(node.key()).toBe(key);
    expect(statSync(node.path(KEY_FILE)).mode & 0o777).toBe(0o600);
  });

  it('is made by the user data, while the SSM agent registers', async () => {
    node.installK3s();
    const text = renderUserData({ version: 'v1.34.2+k3s1', mirror: 'http://127.0.0.1:1', architecture: 'amd64' });

    await node.start(hereDocument('exec bash -s', text)).ended;

    expect(node.has(KEY_FILE)).toBe(true);
  });

  it('is reported by the first command of a job, which then waits for its URLs', async () => {
    const first = await node.job('early', SAY, { wants: ['TOKEN_PUT'] }).ended;
    const key = reportedKey(first.stdout, 'early') ?? '';
    const early = existsSync(node.path('seen'));
    const second = await node.job('early', SAY, { urls: { TOKEN_PUT: URL_ } }).ended;

    expect(key).toBe(node.key());
    expect(early).toBe(false);
    expect(second.job.outcome).toBe('done');
    expect(node.read('seen')).toBe(`${URL_}\n`);
  });

  it.each(['', 'key=', 'A'.repeat(124), `${'A'.repeat(122)}==`, "MFkw'; rm -rf /"])(
    'is refused when it is %j',
    (key) => {
      expect(reportedKey(`keelson-key id=j key=${key}\n`, 'j')).toBeNull();
    },
  );

  it('of another job is none of this one', () => {
    expect(reportedKey(`keelson-key id=other key=${node.key()}\n`, 'j')).toBeNull();
  });
});

describe('URLs that do not come', () => {
  it('are given up soon for a job that waits behind: the worker has given the first one up', async () => {
    // Prepare
    await node.job('lost', `SHORT_PATIENCE=1; ${SAY}`, { wants: ['TOKEN_PUT'] }).ended;
    await until(() => node.has('var/lib/keelson/locks/node'));

    // Act
    const next = await node.job('next', 'say here').ended;
    const lost = await node.job('lost', SAY, { urls: { TOKEN_PUT: URL_ } }).ended;

    // Assess
    expect(next.job.outcome).toBe('done');
    expect(lost.job).toMatchObject({ outcome: 'failed', result: { code: 'UrlsMissing' } });
    expect(node.has('seen')).toBe(false);
  });

  it('are waited for while no other job waits', async () => {
    // Prepare: longer than it would be waited for with another job behind it
    await node.job('alone', `SHORT_PATIENCE=0; ${SAY}`, { wants: ['TOKEN_PUT'] }).ended;
    await until(() => node.logs().includes('the worker to send the URLs'));

    // Act
    const end = await node.job('alone', SAY, { urls: { TOKEN_PUT: URL_ } }).ended;

    // Assess
    expect(end.job.outcome).toBe('done');
  });
});

describe('a sealed URL', () => {
  it('reaches the script as it was, with its headers, and is nowhere in the command', async () => {
    const headers = ['If-Match: "5d41402abc4b2a76b9719d911017c592"', 'x-amz-tagging: keelson=secret'];
    const sealed = seal(node.key(), 'j', urlLines({ TOKEN_PUT: { url: URL_, headers } }));

    const end = await node.job('j', SAY, { wants: ['TOKEN_PUT'], sealed }).ended;

    expect(end.job.outcome).toBe('done');
    expect(node.read('seen')).toBe(`${URL_}\n${headers.join('\n')}\n`);
    expect(sealed).not.toMatch(/bucket\.example|X-Amz|abcdef/);
    expect(Buffer.from(/text=(\S+)/.exec(sealed)?.[1] ?? '', 'base64').toString('latin1')).not.toMatch(/bucket|X-Amz/);
  });

  it('that comes while the job ends does not fail it, and is not kept', async () => {
    // Prepare: the job ends between the write of the file and its move, and takes the file away
    const body = 'until [ -e "$KEELSON_ROOT/go" ]; do sleep 0.02; done; exit 3';
    await node.job('ending', body, { wants: ['TOKEN_PUT'] }).ended;
    const job = node.jobFile('ending', '');
    node.program(
      'mv',
      `#!/bin/bash\ncase $* in */sealed) : >"$KEELSON_ROOT/go"; until [ -e '${job}/exit' ]; do sleep 0.02; done ;; esac; exec /bin/mv "$@"`,
    );

    // Act
    const second = await node.job('ending', body, { urls: { TOKEN_PUT: URL_ } }).ended;

    // Assess
    expect(second.job).toMatchObject({ outcome: 'failed', exitCode: 3, result: {} });
    expect(readdirSync(job).filter((name) => name.startsWith('sealed'))).toEqual([]);
  });

  it('is replaced by a newer one while the job runs', async () => {
    const body = `${SAY}; until [ "$KEELSON_JOB/sealed" -nt "$KEELSON_JOB/secrets" ]; do sleep 0.02; done; ${SAY}`;
    const first = node.job('long', body, { urls: { TOKEN_PUT: URL_ } });
    await until(() => node.has('seen'));

    const second = await node.job('long', body, { urls: { TOKEN_PUT: `${URL_}2` } }).ended;

    expect(second.job.outcome).toBe('done');
    expect((await first.ended).job.outcome).toBe('done');
    expect(node.read('seen')).toBe(`${URL_}\n${URL_}2\n`);
  });

  it.each([
    ['text', (sealed: string) => sealed.replace(/text=(....)/, 'text=AAAA')],
    ['mac', (sealed: string) => sealed.replace(/mac=....../, 'mac=000000')],
    ['job', (sealed: string) => sealed],
  ])('whose %s was changed on its way is refused', async (what, change) => {
    const jobId = what === 'job' ? 'other' : 'j';
    const sealed = change(seal(node.key(), jobId, urlLines({ TOKEN_PUT: { url: URL_ } })));

    const end = await node.job('j', SAY, { wants: ['TOKEN_PUT'], sealed }).ended;

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'UrlsUnreadable' } });
    expect(node.has('seen')).toBe(false);
  });

  it('for the key of another node is refused, and told', async () => {
    const other = new TestNode();
    const sealed = seal(other.key(), 'j', urlLines({ TOKEN_PUT: { url: URL_ } }));
    other.destroy();

    const end = await node.job('j', SAY, { wants: ['TOKEN_PUT'], sealed }).ended;

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'NodeKeyChanged' } });
  });

  it.each(['https://x/\ny', 'file:///etc/passwd', 'ftp://secret'])('cannot be %j, which no message shows', (url) => {
    expect(() => urlLines({ A: { url } })).toThrow(/^A is not an http/);
  });

  it('needs openssl, and says so', async () => {
    node.program('openssl', '#!/bin/sh\nexit 127\n');

    const end = await node.job('j', SAY, { wants: ['TOKEN_PUT'] }).ended;

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'SealKeyMissing' } });
  });
});
