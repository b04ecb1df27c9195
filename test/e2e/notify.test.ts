import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStackFixture, type StackFixture } from './fixture.js';

interface Event {
  id: string;
  type: string;
  data: { cluster: string; operation: { kind: string; outcome: string } | null; health: string; cause: string };
}

let fixture: StackFixture;
let receiver: Server;
const received: Event[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const event = JSON.parse(text) as Event;
      const isRefused = !received.some(({ type }) => type === event.type);
      received.push(event);
      response.writeHead(isRefused ? 503 : 202).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  fixture = await openStackFixture({ nodes: 'paper', env: { ...process.env, KEELSON_NOTIFY_WEBHOOK_URL: url } });
});
afterAll(async () => {
  await fixture?.close();
  receiver.close();
});

const of = (cluster: string, type: string): Event[] =>
  received.filter((one) => one.data.cluster === cluster && one.type === `io.keelson.${type}`);

describe('a webhook', () => {
  it('hears of a create that has ended, at least once and under one id, and of its health', async () => {
    // Act
    await fixture.keelson('apply', '-f', fixture.document('told'), '--wait');

    // Assess: the first answer to each type was 503.
    await expect.poll(() => of('told', 'operation.ended').length).toBeGreaterThanOrEqual(2);
    await expect.poll(() => of('told', 'health.changed').at(-1)?.data.health).toBe('Healthy');
    const ended = of('told', 'operation.ended');
    expect(new Set(ended.map(({ id }) => id)).size).toBe(1);
    expect(ended[0]?.data.operation).toMatchObject({ kind: 'create', outcome: 'done' });
    expect(of('told', 'person.needed')).toEqual([]);
  });

  it('hears when a person is needed, with the cause', async () => {
    // Prepare
    const fault = {
      service: 'ec2',
      action: 'RunInstances',
      tags: { 'keelson:cluster': 'stuck' },
      error: { code: 'OptInRequired', status: 401 },
    };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(fault) });

    // Act
    await fixture.keelson('apply', '-f', fixture.document('stuck'), '--wait');

    // Assess
    await expect.poll(() => of('stuck', 'person.needed').length).toBeGreaterThanOrEqual(1);
    expect(of('stuck', 'person.needed')[0]?.data.cause).toContain('OptInRequired');
  });

  it('hears of the end of a delete', async () => {
    // Act
    const deleted = await fixture.keelson('delete', 'told', '--yes', '--wait');

    // Assess: it is told before the workflow ends.
    expect(deleted.code).toBe(0);
    expect(of('told', 'operation.ended').at(-1)?.data.operation).toMatchObject({ kind: 'delete', outcome: 'done' });
  });
});
