import { describe, expect, it } from 'vitest';
import type { Bucket } from '#src/aws/bucket.js';
import { failure } from '#src/aws/failure.js';
import { installationOf, readInstallationId } from '#src/aws/installation.js';
import { failureOf } from '../activities/support.js';

/** A bucket in memory that keeps what is written once. */
function bucketOf(objects = new Map<string, string>()): Bucket {
  const partial: Pick<Bucket, 'name' | 'get' | 'put'> = {
    name: 'ops',
    get: async (key) => {
      const text = objects.get(key);
      return text === undefined ? null : { text, etag: '"1"', version: '1', metadata: {} };
    },
    put: async (key, text) => {
      await Promise.resolve();
      if (objects.has(key))
        throw failure({ code: 'PreconditionFailed', class: 'conflict', message: 'there already', hint: '' });
      objects.set(key, text);
      return '"1"';
    },
  };
  return partial as Bucket;
}

describe('the installation of a bucket', () => {
  it('is made once, however many workers ask at the same time, and is the same ever after', async () => {
    const objects = new Map<string, string>();
    const asked = await Promise.all([1, 2, 3].map(() => installationOf(bucketOf(objects), 'stack-1')()));
    const later = await installationOf(bucketOf(objects), null)();
    expect(new Set([...asked, later].map(({ id }) => id)).size).toBe(1);
    expect(new Set([...asked, later].map(({ key }) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect(later.key).toHaveLength(32);
    expect(await readInstallationId(bucketOf(objects))).toBe(later.id);
  });

  it('is not made up where neither environment nor bucket name one: the policies of the stack would not know it', async () => {
    const objects = new Map<string, string>();
    const refused = await failureOf(installationOf(bucketOf(objects), null)());
    expect(refused).toMatchObject({ code: 'InstallationUnknown', class: 'invalid' });
    expect(refused.message).toContain('KEELSON_INSTALLATION is not set');
    expect(objects.size).toBe(0);
  });

  it('has the id that the environment gives', async () => {
    expect(await installationOf(bucketOf(), 'stack-1')()).toMatchObject({ id: 'stack-1' });
  });

  it('is refused where bucket and environment name different ones: its policies and tags would not fit', async () => {
    const bucket = bucketOf(new Map([['installation.json', '{"id":"inst-1"}']]));
    const refused = await failureOf(installationOf(bucket, 'inst-2')());
    expect(refused).toMatchObject({ code: 'InstallationMismatch', class: 'invalid' });
    expect(refused.message).toContain('the bucket ops belongs to the installation inst-1');
  });

  it.each([
    ['installation.json', 'not JSON'],
    ['installation.json', '{"id":"*"}'],
    ['installation-key', 'short'],
  ])('is not made again where %s holds %s', async (key, text) => {
    const bucket = bucketOf(
      new Map([
        ['installation.json', '{"id":"inst-1"}'],
        [key, text],
      ]),
    );
    expect(await failureOf(installationOf(bucket, null)())).toMatchObject({ code: 'InstallationUnreadable' });
  });

  it('is none for a command where no worker has used the bucket', async () => {
    expect(await readInstallationId(bucketOf())).toBeNull();
  });
});
