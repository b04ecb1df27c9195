import { describe, expect, it } from 'vitest';
import { factsOf, problemsOf } from '#src/model/health/facts.js';

const NOW = '2026-01-01T00:00:00.000Z';
const ailing = (told: Record<string, string>) => problemsOf(factsOf(told, null, NOW, true), NOW);

describe('what a node tells of itself', () => {
  it.each([
    ['a disk of 84 %', { 'disk-used-percent': '84' }, { disk: null }],
    ['a disk of 85 %', { 'disk-used-percent': '85' }, { disk: 'its disk is 85 % full' }],
    ['a clock within half a minute', { clock: String(Date.parse(NOW) / 1_000 - 29) }, { clock: null }],
    ['a slow clock', { clock: String(Date.parse(NOW) / 1_000 - 40) }, { clock: 'its clock is 40 s slow' }],
    ['a fast clock', { clock: String(Date.parse(NOW) / 1_000 + 40) }, { clock: 'its clock is 40 s fast' }],
    ['certificates of 90 days', { 'cert-earliest': '2026-04-01T00:00Z' }, { certificates: null }],
    [
      'certificates of 89 days',
      { 'cert-earliest': '2026-03-31T00:00Z' },
      { certificates: 'its certificates end in 89 days' },
    ],
    [
      'certificates that end with their CA, which no restart renews',
      { 'cert-earliest': '2026-03-01T00:00Z', 'ca-earliest': '2026-03-01T00:00Z' },
      { certificates: null },
    ],
    [
      'certificates that end before their CA',
      { 'cert-earliest': '2026-03-01T00:00Z', 'ca-earliest': '2035-03-01T00:00Z' },
      { certificates: 'its certificates end in 59 days' },
    ],
    [
      'certificates that have ended',
      { 'cert-earliest': '2025-12-01T00:00Z' },
      { certificates: 'its certificates have ended' },
    ],
    ['a small database', { 'db-mib': '1535' }, { database: null }],
    ['a large database', { 'db-mib': '1536' }, { database: 'its etcd database has 1536 MiB' }],
    [
      'a large database with little in it',
      { 'db-mib': '1900', 'db-used-mib': '60' },
      { database: 'its etcd database has 1900 MiB, of which 60 MiB are in use' },
    ],
    ['an etcd without an alarm', { 'etcd-alarm': 'none' }, { nospace: null, corrupt: null }],
    [
      'an etcd that is full',
      { 'etcd-alarm': 'NOSPACE' },
      { nospace: 'its etcd has the alarm NOSPACE: it takes no more writes', corrupt: null },
    ],
    [
      'members that differ',
      { 'etcd-alarm': 'CORRUPT' },
      { nospace: null, corrupt: 'its etcd has the alarm CORRUPT: members do not have the same data' },
    ],
    ['nothing', {}, {}],
    ['nonsense', { 'disk-used-percent': 'x', clock: '', 'cert-earliest': 'soon', 'db-mib': '-' }, {}],
  ])('%s', (_, told, expected) => expect(ailing(told)).toEqual(expected));

  it('keeps what is asked seldom', () => {
    const deep = factsOf({ 'cert-earliest': '2026-04-01T00:00Z', snapshot: 's-1' }, null, NOW, true);
    const next = factsOf({}, deep, '2026-01-01T01:00:00.000Z', false);
    expect(next).toMatchObject({ certificatesUntil: '2026-04-01T00:00:00.000Z', snapshot: 's-1', deepAt: NOW });
  });
});
