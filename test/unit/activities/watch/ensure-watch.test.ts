import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WorkflowNotifier } from '#src/activities/watch/workflow-notifier.js';
import type { WatchPlace } from '#src/model/watch/place.js';
import { failureOf, makeActivities, scope, settled, start } from '../support.js';

const account = { roleArn: 'arn:aws:iam::123456789012:role/keelson' };
let sent: WatchPlace[];
let refusal: Error | null;

const workflowNotifier: WorkflowNotifier = {
  reconcile: async () => 'absent',
  report: async () => 'absent',
  observing: async () => undefined,
  ensureWatch: async (place) => {
    if (refusal !== null && place.account !== undefined) throw refusal;
    sent.push(place);
  },
  openClusters: async () => [],
};

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  refusal = null;
});
afterEach(() => void vi.useRealTimers());

const asked = (activities: ReturnType<typeof makeActivities>, place: object = {}) =>
  start(activities.ensureWatch, { ...scope, ...place }).result;

test('hundreds of clusters that begin together ask for the watch of their region with one message', async () => {
  // Prepare
  const activities = makeActivities({ workflowNotifier: { ...workflowNotifier } });

  // Act
  await settled(Promise.all(Array.from({ length: 300 }, () => asked(activities))));

  // Assess
  expect(sent).toEqual([{ region: scope.region }]);
});

test('who asks after a message was sent has another one sent: the watch may have ended between them', async () => {
  // Prepare
  const activities = makeActivities({ workflowNotifier: { ...workflowNotifier } });
  await settled(asked(activities));

  // Act
  await settled(asked(activities));

  // Assess
  expect(sent).toHaveLength(2);
});

test('a watch that cannot be started fails no other', async () => {
  // Prepare
  refusal = new Error('refused');
  const activities = makeActivities({ workflowNotifier: { ...workflowNotifier } });

  // Act
  const [failure] = await settled(Promise.all([failureOf(asked(activities, { account })), asked(activities)]));

  // Assess
  expect(failure.message).toContain('start the watch of');
  expect(sent).toEqual([{ region: scope.region }]);
});
