import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Span } from '../../packages/aws-simulator/src/contract.js';
import { imagesOf } from '../../packages/aws-simulator/src/ec2/images.js';
import type { LaunchEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const imageWithout = (program: string): string => {
  const image = imagesOf('eu-west-1').find(({ name }) => name === `without-${program}-x86_64`);
  if (image === undefined) throw new Error(`no image lacks ${program}`);
  return image.id;
};
const statusOf = (name: string) => fixture.client.workflow.getHandle(`cluster/${name}`).query<StatusView>('status');

describe('the image of new nodes', () => {
  it('is told by status with its age and the day on which it was chosen', async () => {
    // Act
    const applied = await fixture.keelson(
      'apply',
      '-f',
      fixture.document('aged', { image: { maxAgeDays: 30 } }),
      '--wait',
    );
    const { images } = await statusOf('aged');
    const told = await fixture.keelson('status', 'aged');

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    expect(images).toMatchObject([{ architecture: 'amd64', createdAt: '2025-11-18T00:00:00.000Z' }]);
    expect(told.stdout).toMatch(/Image of new nodes \(amd64\): ami-\w+, \w+ old, chosen \d{4}-/);
    expect(await fixture.keelson('delete', 'aged', '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});

describe('an image of one’s own from which a program is missing', () => {
  it.each(['bash', 'curl', 'openssl', 'systemctl'])('is reported by the name of the program: %s', async (program) => {
    // Prepare
    const name = `no-${program}`;
    const document = fixture.document(name, { image: { id: imageWithout(program) } });

    // Act
    const applied = await fixture.keelson('apply', '-f', document);
    await expect.poll(async () => (await statusOf(name)).lastError?.code).toBe('ToolMissing');
    const { lastError } = await statusOf(name);
    const explained = await fixture.keelson('explain', name);

    // Assess
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    expect(lastError?.message).toMatch(new RegExp(`lacks:? .*${program}`));
    expect(explained.stdout).toMatch(/bash, curl, openssl, systemd and the SSM agent/);
    expect(await fixture.keelson('delete', name, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${name}`)).toMatchObject({ total: 0 });
  });

  it('is reported by what is waited for, where it is the SSM agent', async () => {
    // Prepare
    const document = fixture.document('no-agent', { image: { id: imageWithout('amazon-ssm-agent') } });

    // Act
    const applied = await fixture.keelson('apply', '-f', document);
    const explain = () => fixture.keelson('explain', 'no-agent');

    // Assess
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    await expect
      .poll(async () => (await explain()).stdout, { interval: 1_000 })
      .toMatch(/the SSM agent of i-\w+ has not registered yet: SSM has never heard of it/);
    expect(await fixture.keelson('delete', 'no-agent', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region('leftovers?cluster=no-agent')).toMatchObject({ total: 0 });
  });
});

describe('an image that carries K3s', () => {
  it('is named by a parameter of the account, and its nodes download nothing', async () => {
    // Prepare
    const document = fixture.document('carried', { image: { ssmParameter: '/keelson/images/k3s-amd64' } });

    // Act
    const applied = await fixture.keelson('apply', '-f', document, '--wait');
    const { spans, launches } = await fixture.region<{ spans: Span[]; launches: LaunchEntry[] }>('record?calls=false');

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    const ids = launches.filter(({ tags }) => tags['keelson:cluster'] === 'carried').map(({ id }) => id);
    expect(ids).toHaveLength(1);
    expect(spans.filter(({ kind, instanceId }) => kind === 'download' && ids.includes(instanceId ?? ''))).toEqual([]);
    expect(await fixture.keelson('delete', 'carried', '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});
