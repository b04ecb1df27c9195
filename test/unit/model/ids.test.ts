import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketKeyOf, KEYS_TO_FORGET } from '#src/model/bucket.js';
import { secondsOf } from '#src/model/duration.js';
import { jobIdOf, MAX_JOB_ID, MAX_NODE_NAME, nodeNameOf, slotIn, slotsOf } from '#src/model/ids.js';
import { clusterTags, nodeTags } from '#src/model/tags.js';
import { pool, valid } from './spec/sample.js';

describe('slots', () => {
  it('are the servers of the mode, then the agents of each pool', () => {
    // Act
    const slots = slotsOf(valid({ pools: [pool({ taints: ['a:NoSchedule'] }), pool({ name: 'gpu', count: 1 })] }));
    // Assess
    expect(slots.map(({ name, role, pool: of }) => [name, role, of])).toEqual([
      ['server-0', 'server', null],
      ['server-1', 'server', null],
      ['server-2', 'server', null],
      ['workers-0', 'agent', 'workers'],
      ['workers-1', 'agent', 'workers'],
      ['gpu-0', 'agent', 'gpu'],
    ]);
    expect(slots[3]?.taints).toEqual(['a:NoSchedule']);
    expect(slotsOf(valid({ mode: 'dev' }))).toHaveLength(1);
  });

  it('are each found by their name, and no other name finds one', () => {
    // Prepare
    const document = valid({ pools: [pool({ labels: { disk: 'ssd' } }), pool({ name: 'workers-1', count: 12 })] });
    // Act
    const found = slotsOf(document).map(({ name }) => slotIn(document, name));
    const others = [
      'server-3',
      'server',
      'workers-2',
      'workers-01',
      'workers-1-1e1',
      'workers--1',
      'workers-',
      'x-0',
      '',
      null,
    ];
    // Assess
    expect(found).toEqual(slotsOf(document));
    expect(others.map((name) => slotIn(document, name))).toEqual(others.map(() => undefined));
  });

  it('have unique names, and node names that Kubernetes takes, in every document that is accepted', () => {
    const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
    fc.assert(
      fc.property(
        name,
        fc.uniqueArray(
          name.filter((one) => one !== 'server'),
          { maxLength: 5 },
        ),
        (cluster, pools) => {
          // Act
          const slots = slotsOf(
            valid({ pools: pools.map((one) => pool({ name: one, count: 12 })) }, { name: cluster }),
          );
          // Assess
          expect(new Set(slots.map((slot) => slot.name)).size).toBe(slots.length);
          for (const slot of slots) {
            const node = nodeNameOf(cluster, slot.name, 9999);
            expect(node.length).toBeLessThanOrEqual(MAX_NODE_NAME);
            expect(node).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
          }
        },
      ),
    );
  });
});

describe('job ids', () => {
  it('fit into the comment of an SSM command and differ by count', () => {
    // Act
    const ids = [1, 2].map((count) =>
      jobIdOf('c'.repeat(40), 'u'.repeat(36), 'remove-node', `${'p'.repeat(30)}-499`, count),
    );
    // Assess
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(MAX_JOB_ID);
  });
});

describe('tags', () => {
  it('say whose it is, and cannot be overruled by the document', () => {
    // Prepare
    const owner = { installation: 'inst-1', cluster: 'demo', uid: 'u1' };
    // Act
    const tags = nodeTags({ ...owner, slot: 'server-0', generation: 2 }, { team: 'shop', 'keelson:uid': 'x' });
    // Assess
    expect(tags).toEqual({
      team: 'shop',
      'keelson:installation': 'inst-1',
      'keelson:cluster': 'demo',
      'keelson:uid': 'u1',
      'keelson:slot': 'server-0',
      'keelson:generation': '2',
      Name: 'demo-server-0-g2',
    });
    expect(clusterTags(owner, {})).toEqual({
      'keelson:installation': 'inst-1',
      'keelson:cluster': 'demo',
      'keelson:uid': 'u1',
      Name: 'keelson-demo',
    });
  });
});

describe('bucket keys', () => {
  it('are below the cluster; config.yaml is forgotten late, and the owner last', () => {
    expect(bucketKeyOf('demo', 'status.yaml')).toBe('clusters/demo/status.yaml');
    expect(KEYS_TO_FORGET.slice(-2)).toEqual(['config.yaml', 'owner.json']);
  });
});

describe('secondsOf', () => {
  it.each([
    ['90s', 90],
    ['5m', 300],
    ['1h30m', 5400],
    ['1h0m1s', 3601],
  ])('reads %s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each(['', 's', '5', '1m1h', '-1s'])('refuses "%s"', (text) => {
    expect(() => secondsOf(text)).toThrow(RangeError);
  });
});
