import { describe, expect, it } from 'vitest';
import { diffDocuments } from '#src/model/diff.js';
import { slotsOf } from '#src/model/ids.js';
import { renderNodeConfig } from '#src/model/k3s/config.js';
import { plan } from '#src/model/plan/index.js';
import { typeFor } from '#src/model/plan/instance-type.js';
import { settle } from '../../plan/settle.js';
import { emptyState, ModelWorld } from '../../plan/world.js';
import { pool, sample, textsOf, valid } from '../sample.js';

const five = { servers: { instanceType: 't3.medium', count: 5 } };

describe('how many servers', () => {
  it.each([
    ['ha', 3, true],
    ['ha', 5, true],
    ['ha', 7, true],
    ['dev', 1, true],
    ['ha', 1, false],
    ['dev', 3, false],
    ['ha', 2, false],
    ['ha', 4, false],
    ['ha', 9, false],
  ] as const)('mode %s with %i: %s', (mode, count, right) => {
    expect(textsOf(sample({ mode, servers: { instanceType: 't3.medium', count } })).length === 0).toBe(right);
  });

  it('can grow while the quorum holds, and not shrink', () => {
    // Prepare
    const world = new ModelWorld();
    const state = emptyState(valid());
    settle(world, state, () => 0);
    // Act
    state.document = valid(five);
    const grows = plan(state);
    settle(world, state, () => 0);
    const [grown] = diffDocuments(valid(), valid(five), null);
    const [shrunk] = diffDocuments(valid(five), valid(), null);
    // Assess
    expect(grows.steps.filter((step) => step.kind === 'join').map((step) => step.slot)).toEqual([
      'server-3',
      'server-4',
    ]);
    expect(world.alarms).toEqual([]);
    expect(grown).toMatchObject({ class: 'scale', reason: expect.stringMatching(/2 servers join/) });
    expect(shrunk).toMatchObject({ class: 'recreate-refused' });
  });
});

describe('config of a pool', () => {
  const config = (settings: Record<string, unknown>) => textsOf(sample({ pools: [pool({ config: settings })] }));

  it.each([
    [{ 'kubelet-arg': ['max-pods=50'] }],
    [{ 'kubelet-arg+': ['v=2'] }],
    [{ debug: true }],
    [{ 'protect-kernel-defaults': true }],
  ])('may be %j', (settings) => {
    expect(config(settings)).toEqual([]);
  });

  it.each([
    [{ disable: ['traefik'] }, /^spec\.pools\[0\]\.config\.disable: is a setting of servers/],
    [{ 'cluster-cidr': '10.9.0.0/16' }, /setting of servers/],
    [{ 'node-label': ['a=b'] }, /write spec\.pools\[\]\.labels/],
    [{ 'node-taint': ['a=b:NoSchedule'] }, /write spec\.pools\[\]\.taints/],
    [{ token: 'x' }, /^spec\.pools\[0\]\.config\.token: /],
    [{ server: 'https://x' }, /is set by Keelson/],
    [{ 'kubelet-ark': ['a'] }, /did you mean kubelet-arg/],
    [{ debug: 'maybe' }, /^spec\.pools\[0\]\.config\.debug: /],
  ])('is not %j', (settings, says) => {
    expect(config(settings).join('\n')).toMatch(says);
  });

  it('goes over the settings of the document, on the agents of the pool alone', () => {
    const document = valid({
      k3s: { version: 'v1.34.2+k3s1', config: { 'kubelet-arg': ['v=1'], debug: true } },
      pools: [pool({ config: { 'kubelet-arg': ['max-pods=50'] } }), pool({ name: 'others' })],
    });
    const texts = slotsOf(document)
      .filter(({ name }) => ['server-0', 'workers-0', 'others-0'].includes(name))
      .map(({ role, config: own, labels, taints }) =>
        renderNodeConfig(document, {
          ...{ role, config: own, labels, taints, nodeName: 'n', bootstrapServer: false, joinAddress: null },
          ...{ privateIp: '10.0.0.1', publicIp: null, providerId: 'p' },
        }),
      );
    expect(texts.map((text) => /kubelet-arg: (.*)/.exec(text)?.[1])).toEqual([
      '["v=1","provider-id=p"]',
      '["max-pods=50","provider-id=p"]',
      '["v=1","provider-id=p"]',
    ]);
  });
});

describe('types of a pool', () => {
  it('are all as asked for, and another one is not', () => {
    const document = valid({ pools: [pool({ fallbackTypes: ['m6i.large', 'm5.large'] })] });
    const wanted = slotsOf(document).find(({ name }) => name === 'workers-0');
    const state = emptyState(document);
    settle(new ModelWorld(), state, () => 0);
    const slot = state.slots['workers-0'];
    if (wanted === undefined || !slot?.instance) throw new Error('no such slot');
    const of = (type: string) =>
      typeFor(state, wanted, { ...slot, instance: slot.instance && { ...slot.instance, type } });
    expect(['t3.large', 'm6i.large', 'm5.large', 'c5.large'].map(of)).toEqual([
      't3.large',
      'm6i.large',
      'm5.large',
      't3.large',
    ]);
  });
});
