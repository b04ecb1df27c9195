import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunOnNodesInput } from '#src/activities/api.js';
import { failed } from './fake-activities.js';
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

  it('tells each call that takes a server down when it has looked, and looks again when that is refused as old', () =>
    fixture.withWorker(async ({ fake, start, replay }) => {
      // Prepare: as the activity answers when the worker was away between the look and the call
      const cluster = await start(written());
      await cluster.settled('Running');
      const stops: RunOnNodesInput[] = [];
      fake.before = async (name, input: RunOnNodesInput) => {
        if (name === 'runOnNodes' && input.script === 'service-stop' && stops.push(input) === 1)
          throw failed({
            code: 'QuorumSeenLongAgo',
            class: 'conflict',
            message: 'the quorum was seen 99 s before',
            hint: '',
          });
      };

      // Act
      await cluster.workflow.executeUpdate('resize', { args: [{ instanceType: 't3.large' }] });
      await cluster.until(
        ({ nodes, operation }) => operation === null && nodes.every(({ instanceType }) => instanceType === 't3.large'),
      );

      // Assess
      const seenAt = stops.map(({ quorumSeenAt }) => quorumSeenAt ?? 0);
      expect(new Set(stops.map(({ jobId }) => jobId)).size).toBe(4);
      expect(seenAt).toEqual([...seenAt].sort((a, b) => a - b));
      const { events } = await cluster.workflow.fetchHistory();
      const asked = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: of, eventTime }) =>
        of?.activityType?.name === 'runOnNodes' && String(of.scheduleToStartTimeout?.seconds) === '60'
          ? [Number(eventTime?.seconds) * 1_000]
          : [],
      );
      expect(asked).toHaveLength(4);
      expect(asked.every((at, index) => at - (seenAt[index] ?? 0) < 60_000)).toBe(true);
      await replay(cluster);
    }));
});
