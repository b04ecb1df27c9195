import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaunchEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

/** More than the loop of before needed to launch again. */
const DISTURBANCES = 5;

const launchesOf = async (name: string): Promise<LaunchEntry[]> => {
  const { launches } = await fixture.region<{ launches: LaunchEntry[] }>('record?calls=false');
  return launches.filter(({ tags }) => tags['keelson:cluster'] === name);
};

describe('a launch that dies, of which EC2 sends an event', () => {
  it.each([
    { name: 'key', code: 'Client.InvalidKMSKey.InvalidState', hint: /enable the KMS key/ },
    { name: 'grant', code: 'Client.InternalError', hint: /kms:CreateGrant/ },
  ])('costs one instance, and says what to do: $code', async ({ name, code, hint }) => {
    // Prepare
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({ point: 'launch', tags: { 'keelson:cluster': name }, effect: 'fail', data: { code } }),
    });

    // Act
    const applied = await fixture.keelson('apply', '-f', fixture.document(name), '--wait');
    const workflow = fixture.client.workflow.getHandle(`cluster/${name}`);
    for (let count = 0; count < DISTURBANCES; count += 1)
      await workflow.signal('reconcile', { reason: `look ${count}` });
    const explained = await fixture.keelson('explain', name);

    // Assess
    expect(applied).toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
    expect(applied.stderr).toMatch(hint);
    expect(explained.stdout).toMatch(/Failed[\s\S]*waits for the next try of create/);
    expect(await launchesOf(name)).toHaveLength(1);
    const deleted = await fixture.keelson('delete', name, '--yes', '--wait');
    expect(deleted.code).toBe(0);
    expect(await launchesOf(name)).toHaveLength(1);
  });
});
