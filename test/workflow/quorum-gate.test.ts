import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

describe('the quorum gate', () => {
  it('takes no server down that the quorum cannot spare after the drain', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      const last = (await cluster.settled('Running')).nodes.at(-1)?.name ?? '';
      const order: string[] = [];
      let away = 0;
      fake.onJob = ({ script }) => {
        order.push(script);
        if (script === 'drain' && away === 0) away = 2;
        else if (script === 'verify' && away > 0) away -= 1;
        if (away === 0 || (script !== 'drain' && script !== 'verify')) return null;
        const learner = { [`node.${last}`]: 'True,False,v1.34.2+k3s1,true,10.0.0.3' };
        return { outcome: 'done', exitCode: 0, result: { ...fake.nodes(), ...learner } };
      };
      // Act
      await cluster.workflow.executeUpdate('resize', { args: [{ instanceType: 't3.large' }] });
      await cluster.until(() => order.includes('service-stop'));
      // Assess
      // server-2 was a learner after the drain and at the look after it; then the gate was seen open twice.
      expect(order.slice(order.indexOf('drain'), order.indexOf('service-stop'))).toEqual([
        'drain',
        'verify',
        'verify',
        'verify',
      ]);
    }));
});
