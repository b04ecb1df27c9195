import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
  expect(await fixture.keelson('apply', '-f', fixture.document('left'), '--wait')).toMatchObject({ code: 0 });
  fixture.stack.worker().kill('SIGKILL');
  await fixture.stack.worker().ended;
});
afterAll(() => fixture?.close());

/** Said before anything is shown. */
const NO_WORKER =
  /^no worker answers on task queue keelson \(.*\): nothing looks after the clusters now\n {2}-> start a worker/;

describe('without a worker', () => {
  it('status tells so first, shows the copy of the bucket as not measured, and ends with 5', async () => {
    // Act
    const text = await fixture.keelson('status', 'left');
    const data = await fixture.keelson('status', 'left', '-o', 'json');

    // Assess
    expect(text.stderr).toMatch(NO_WORKER);
    expect(text.stderr).toMatch(
      /^shown is status\.yaml of the bucket: left was last observed \S+ ago \(\S+\), and nothing/m,
    );
    expect(text.code).toBe(5);
    expect(text.stdout).toMatch(/^left \(eu-west-1, .*\): Running, Unknown/);
    expect(text.stdout).toMatch(/^NodesReady +Unknown +NotMeasured .*no worker measures it; it was True: /m);
    expect(data.code).toBe(5);
    const { staleSince, health, conditions, nodes } = JSON.parse(data.stdout);
    expect(Date.parse(staleSince)).toBeLessThan(Date.now());
    expect(health).toBe('Unknown');
    expect(new Set(conditions.map((one: { status: string }) => one.status))).toEqual(new Set(['Unknown']));
    expect(nodes).toMatchObject([{ ready: 'Unknown', voter: 'Unknown', power: 'unknown' }]);
  });

  it.each(['explain', 'history'])('%s tells so first, too, and ends with 5', async (verb) => {
    const { code, stdout, stderr } = await fixture.keelson(verb, 'left');
    expect(stderr).toMatch(NO_WORKER);
    expect(code).toBe(5);
    expect(stdout).toContain(verb === 'history' ? 'create' : 'left is Running, Unknown: no worker answers');
  });

  it('list tells so first, and ends with 0: it asks no worker for what it shows', async () => {
    const { code, stdout, stderr } = await fixture.keelson('list');
    expect(stderr).toMatch(NO_WORKER);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^left +Running/m);
  });

  it('the kubeconfig is there anyway', async () => {
    const { code, stdout } = await fixture.keelson('kubeconfig', 'left');
    expect(code).toBe(0);
    expect(stdout).toContain('current-context: "left"');
  });

  it('a delete that is confirmed names what it destroys from the copy, and is stored', async () => {
    // Act
    const { code, stderr } = await fixture.keelson('delete', 'left', '--yes');
    const withdrawn = await fixture.keelson('withdraw', 'left');

    // Assess
    expect(code).toBe(6);
    expect(stderr).toMatch(/^ {2}left-server-0-g1 \(i-[0-9a-f]+, t3\.medium\)$/m);
    expect(withdrawn.code).toBe(6);
  });
});

describe('a region without its watch', () => {
  it('is reported by status and list, which end with 0', async () => {
    // Prepare
    await fixture.stack.startWorker();
    await expect.poll(async () => (await fixture.keelson('status', 'left')).code).toBe(0);
    // Each worker looks for it every 20 s and starts it again: it is ended for each command, and again where the worker was faster.
    const without = async (verb: string[]) => {
      await fixture.client.workflow
        .getHandle('region-watch/eu-west-1')
        .terminate('test')
        .catch(() => undefined);
      const { code, stderr } = await fixture.keelson(...verb);
      return { code, stderr };
    };

    // Act, assess
    const stderr: unknown = expect.stringMatching(/^the workflow region-watch\/eu-west-1 does not run: /m);
    for (const verb of [['status', 'left'], ['list']])
      await expect.poll(() => without(verb), { message: verb[0] ?? '' }).toMatchObject({ code: 0, stderr });
  });
});
