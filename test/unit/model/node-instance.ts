import type { NodeInstance } from '#src/model/state.js';

/** An instance as a slot knows it. */
export const nodeInstance = (id: string, power: 'running' | 'stopped' = 'running'): NodeInstance => ({
  id,
  type: 't3.medium',
  imageId: 'ami-1',
  architecture: 'amd64',
  subnetId: 'subnet-a',
  zone: 'eu-west-1a',
  privateIp: '10.0.0.1',
  publicIp: null,
  launchedAt: '2026-01-01T00:00:00.000Z',
  power,
});
