import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instance } from '../../../../packages/aws-simulator/src/contract.js';
import { serveMetadata } from '../../../../packages/aws-simulator/src/hosts/metadata-service.js';
import type { Listener } from '../../../../packages/aws-simulator/src/http.js';

const instance = (id: string, privateIp: string) =>
  ({ id, privateIp, type: 't3.medium', zone: 'eu-west-1a', publicIp: null }) as Instance;

let listener: Listener | null;
beforeEach(async () => {
  const hosts = [{ instance: instance('i-other', '10.77.0.4') }, { instance: instance('i-mine', '127.0.0.1') }];
  listener = await serveMetadata(() => hosts, { address: '127.0.0.1', port: 0 });
});
afterEach(() => listener?.close());

const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${listener?.port}/latest/${path}`, init);
const token = async () =>
  (await ask('api/token', { method: 'PUT', headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' } })).text();

describe("the hosts' metadata service", () => {
  it('tells a host, known by its address, which instance it is', async () => {
    const headers = { 'X-aws-ec2-metadata-token': await token() };
    const answers = ['instance-id', 'instance-type', 'placement/availability-zone', 'local-ipv4'].map(async (path) =>
      (await ask(`meta-data/${path}`, { headers })).text(),
    );
    expect(await Promise.all(answers)).toEqual(['i-mine', 't3.medium', 'eu-west-1a', '127.0.0.1']);
  });

  it('has no public address of an instance without one', async () => {
    const headers = { 'X-aws-ec2-metadata-token': await token() };
    expect((await ask('meta-data/public-ipv4', { headers })).status).toBe(404);
  });

  it.for([
    ['without a token', {}],
    ["with another's", { 'X-aws-ec2-metadata-token': 'AQAEAGuess' }],
  ] as const)('refuses a request %s', async ([, headers]) => {
    expect((await ask('meta-data/instance-id', { headers })).status).toBe(401);
  });

  it('gives a token to PUT with a time to live alone', async () => {
    expect((await ask('api/token')).status).toBe(400);
    expect((await ask('api/token', { method: 'PUT' })).status).toBe(400);
  });

  it('is not there where this machine has not its address', async () => {
    expect(await serveMetadata(() => [], { address: '192.0.2.200', port: 0 })).toBeNull();
  });
});
