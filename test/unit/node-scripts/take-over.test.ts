/** What a restore does to jobs that are under way on its nodes, under a real bash. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestNode, until } from './support/node.js';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.installK3s();
});
afterEach(() => node.destroy());

/** A join of before the loss, which waits for servers that are gone. */
const stuck = () => node.job('stuck', 'waiting "servers that are gone"; sleep 3600');

describe('a job of a restore', () => {
  it.each([
    ['rehearse', { ROLE: 'server', RESTORE_REF: 'r1', SIZE: '1', COMPRESSION: 'gzip' }],
    ['service-stop', { ROLE: 'server' }],
  ])('ends what holds the lock of its node: %s', async (script, params) => {
    // Prepare
    const before = stuck();
    await until(() => node.logs().includes('waiting for: servers that are gone'));

    // Act
    const end = await node.script(script, { ...params, TAKE_OVER: 'true' });

    // Assess
    expect((await before.ended).job.outcome).toBe('interrupted');
    expect(end.job.outcome).not.toBe('timed-out');
    expect(end.job.logTail).toContain('another job makes it void');
  });

  it('leaves alone what another lock protects', async () => {
    // Prepare
    const other = node.job('other', 'until [ -e "$R/go" ]; do sleep 0.02; done', { lock: 'kubernetes' });
    await until(() => node.has('var/lib/keelson/locks/kubernetes'));

    // Act
    await node.script('service-stop', { ROLE: 'server', TAKE_OVER: 'true' });
    node.write('go', '');

    // Assess
    expect((await other.ended).job.outcome).toBe('done');
  });
});
