import { describe, expect, it } from 'vitest';
import { misfitsOf } from '#src/model/plan/instance-type.js';
import type { ClusterState, LaunchConfig } from '#src/model/state.js';
import { valid } from '../spec/sample.js';

const ALL = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];
const launchConfig = {
  instanceTypes: {
    't3.large': { architecture: 'amd64', zones: ALL },
    't4g.large': { architecture: 'arm64', zones: ALL },
    'm6i.xlarge': { architecture: 'amd64', zones: ['eu-west-1a', 'eu-west-1b'] },
  },
} as unknown as LaunchConfig;

/** Three servers of t3.medium, one a zone. */
const slots = Object.fromEntries(
  ALL.map((zone, index) => [`server-${index}`, { instance: { type: 't3.medium', architecture: 'amd64', zone } }]),
) as unknown as ClusterState['slots'];

const documentWith = (instanceType: string) => valid({ mode: 'ha', servers: { instanceType } });

describe('types that instances cannot get', () => {
  it.each([
    { type: 't3.large', codes: [] },
    { type: 't3.medium', codes: [] },
    { type: 't4g.large', codes: ['ArchitectureMismatch'] },
    { type: 'm6i.xlarge', codes: ['TypeNotOffered'] },
  ])('$type: $codes', ({ type, codes }) => {
    expect(misfitsOf(documentWith(type), slots, launchConfig).map((one) => one.code)).toEqual(codes);
  });

  it('names the node that cannot have it, and why', () => {
    expect(misfitsOf(documentWith('m6i.xlarge'), slots, launchConfig)[0]?.message).toBe(
      'm6i.xlarge is offered in eu-west-1a, eu-west-1b, the instance of server-2 is in eu-west-1c',
    );
  });

  it('do not matter for a slot that has no instance yet: the launch chooses its zone', () => {
    expect(misfitsOf(documentWith('m6i.xlarge'), {}, launchConfig)).toEqual([]);
  });
});
