import { describe, expect, it } from 'vitest';
import { goDuration, parseArgs } from '../../../../packages/aws-simulator/src/k3s/kubectl/args.js';
import { customColumns } from '../../../../packages/aws-simulator/src/k3s/kubectl/custom-columns.js';
import { age } from '../../../../packages/aws-simulator/src/k3s/kubectl/duration.js';
import { jsonPath } from '../../../../packages/aws-simulator/src/k3s/kubectl/json-path.js';

const node = {
  metadata: { name: 'a', annotations: { 'etcd.k3s.cattle.io/removed-node-name': 'a-1' }, labels: { x: 'y' } },
  spec: { taints: [{ key: 'one' }, { key: 'two' }] },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'EtcdIsVoter', status: 'False' },
    ],
  },
};

describe('a JSONPath', () => {
  it.each([
    ['.metadata.name', ['a']],
    ['{.metadata.name}', ['a']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='EtcdIsVoter')].status", ['False']],
    ['.status.conditions[?(@.type!="Ready")].type', ['EtcdIsVoter']],
    ['.metadata.annotations.etcd\\.k3s\\.cattle\\.io/removed-node-name', ['a-1']],
    ["['metadata']['name']", ['a']],
    ['.spec.taints[*].key', ['one', 'two']],
    ['.spec.taints[1].key', ['two']],
    ['.spec.unschedulable', []],
    ['.metadata.name.deeper', []],
  ])('%s leads to %j', (path, expected) => {
    expect(jsonPath(path, node)).toEqual(expected);
  });

  it('that is not understood is an error', () => {
    expect(() => jsonPath('.a[?(@.b)]', node)).toThrow(/unrecognized/);
  });
});

describe('custom columns', () => {
  it('are printed three apart and at least six wide, with <none> for what is not there', () => {
    const text = customColumns('N:.metadata.name,TAINTS:.spec.taints[*].key,CORDON:.spec.unschedulable', [node], true);
    expect(text).toBe('N     TAINTS    CORDON\na     one,two   <none>\n');
  });

  it('want a path each', () => {
    expect(() => customColumns('NAME', [node], true)).toThrow(/expected <header>/);
  });
});

describe('a command line', () => {
  it('may have flags glued or apart, anywhere', () => {
    const { verb, words, flags } = parseArgs([
      'get',
      '--request-timeout=10s',
      'nodes',
      'a',
      '-o',
      'json',
      '--no-headers',
    ]);
    expect([verb, words]).toEqual(['get', ['nodes', 'a']]);
    expect(Object.fromEntries(flags)).toMatchObject({ output: 'json', 'request-timeout': '10s', 'no-headers': 'true' });
  });

  it.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['250ms', 250],
    ['0', 0],
  ])('reads the duration %s', (text, ms) => {
    expect(goDuration(text)).toBe(ms);
  });
});

it.each([
  [5, '5s'],
  [119, '119s'],
  [200, '3m20s'],
  [3_600, '60m'],
  [4 * 3_600, '4h'],
  [50 * 3_600, '2d'],
])('an age of %i s reads %s', (seconds, text) => {
  expect(age(new Date(0).toISOString(), seconds * 1000)).toBe(text);
});
