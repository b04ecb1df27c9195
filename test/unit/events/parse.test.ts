import { describe, expect, it } from 'vitest';
import { parseEvent } from '#src/events/parse.js';

const ec2 = (detail: object) => ({ source: 'aws.ec2', account: '111111111111', region: 'eu-west-1', detail });
const s3 = (key: string, type = 'Object Created') => ({
  source: 'aws.s3',
  'detail-type': type,
  detail: { bucket: { name: 'ops' }, object: { key } },
});

describe('a message of the queue', () => {
  it('is a state change, or a document put into its place', () => {
    const change = ec2({ 'instance-id': 'i-1', state: 'stopped' });
    expect(parseEvent(JSON.stringify(change))).toEqual({
      kind: 'instance',
      account: '111111111111',
      region: 'eu-west-1',
      instanceId: 'i-1',
      state: 'stopped',
    });
    expect(parseEvent(JSON.stringify(s3('clusters/shop/config.yaml')))).toEqual({
      kind: 'config',
      bucket: 'ops',
      cluster: 'shop',
    });
  });

  it.each([
    ['no JSON', 'hello'],
    ['no object', '[]'],
    ['a null', 'null'],
    ['no detail', JSON.stringify({ source: 'aws.ec2' })],
    ['no state that there is', JSON.stringify(ec2({ 'instance-id': 'i-1', state: 'on fire' }))],
    ['no account', JSON.stringify({ ...ec2({ 'instance-id': 'i-1', state: 'stopped' }), account: 'x' })],
    ['no id', JSON.stringify(ec2({ state: 'running' }))],
    ['another object', JSON.stringify(s3('clusters/shop/status.yaml'))],
    ['an object further down', JSON.stringify(s3('clusters/shop/old/config.yaml'))],
    ['an object above', JSON.stringify(s3('clusters//config.yaml'))],
    ['a deletion', JSON.stringify(s3('clusters/shop/config.yaml', 'Object Deleted'))],
    ['another source', JSON.stringify({ source: 'aws.rds', detail: {} })],
  ])('that is %s is nothing to us', (_, body) => {
    expect(parseEvent(body)).toBeNull();
  });
});
