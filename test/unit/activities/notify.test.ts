import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActivityContext } from '#src/activities/attempt.js';
import type { ActivityDeps } from '#src/activities/deps.js';
import { slack, webhook } from '#src/activities/notify/channels.js';
import { createNotifier } from '#src/activities/notify/notifier.js';
import { StatusHolds } from '#src/activities/status-holds.js';
import { writeStatus } from '#src/activities/store.js';
import type { Bucket } from '#src/aws/bucket.js';
import type { StatusView } from '#src/model/status.js';
import { operation, statusView } from '../cli/status.js';
import { scope } from './support.js';

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

let server: Server;
let url: string;
let received: Received[];
/** Status codes of the next answers; then 200. */
let answers: number[];
beforeEach(async () => {
  [received, answers] = [[], []];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function fakeBucket(): Bucket {
  const objects = new Map<string, string>();
  return {
    get: async (key: string) => (objects.has(key) ? { text: objects.get(key) ?? '', etag: '' } : null),
    put: async (key: string, text: string) => {
      objects.set(key, text);
      return '';
    },
  } as unknown as Bucket;
}

const now = () => new Date('2026-03-01T12:05:00.000Z');
const status = statusView({
  health: 'Unknown',
  operations: [operation({ outcome: 'done', endedAt: '2026-03-01T12:04:00.000Z' })],
});

describe('a notification', () => {
  it('is a CloudEvent, with the token', async () => {
    await createNotifier(fakeBucket(), [webhook(url, 't0ken')], now).tell(status);
    expect(received).toMatchObject([
      {
        path: '/secret-path',
        headers: { 'content-type': 'application/cloudevents+json', authorization: 'Bearer t0ken' },
        body: {
          specversion: '1.0',
          id: 'u/op-1/ended',
          source: 'keelson/eu-west-1/shop',
          type: 'io.keelson.operation.ended',
          subject: 'shop',
          data: { cluster: 'shop', operation: { kind: 'create', outcome: 'done' } },
        },
      },
    ]);
  });

  it('is a line in Slack, which mentions no one', async () => {
    const sick = {
      ...status,
      operations: [
        operation({ kind: 'repair', id: '<!channel>', outcome: 'done', endedAt: '2026-03-01T12:04:00.000Z' }),
      ],
    };
    await createNotifier(fakeBucket(), [slack(url)], now).tell(sick);
    expect(received[0]?.body).toEqual({ text: 'shop: repair &lt;!channel> has ended: done' });
  });

  it('that is not taken is sent again under the same id, and to all; then no more', async () => {
    // Prepare
    const bucket = fakeBucket();
    const notifier = createNotifier(bucket, [webhook(url, null), webhook(`${url}/2`, null)], now);
    answers = [500];

    // Act
    const failed = notifier.tell(status);
    await expect(failed).rejects.toMatchObject({
      type: 'transient',
      message: expect.stringContaining('webhook answers HTTP 500'),
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('secret-path') });
    await notifier.tell(status);
    await notifier.tell(status);
    await createNotifier(bucket, [webhook(url, null)], now).tell(status);

    // Assess
    expect(received.map(({ path }) => path)).toEqual([
      '/secret-path',
      '/secret-path/2',
      '/secret-path',
      '/secret-path/2',
    ]);
    expect(new Set(received.map(({ body }) => body['id']))).toEqual(new Set(['u/op-1/ended']));
  });

  it('that reaches no one names the reason, and no address', async () => {
    const notifier = createNotifier(fakeBucket(), [webhook('http://127.0.0.1:1/hook-secret', null)], now);
    await expect(notifier.tell(status)).rejects.toMatchObject({
      message: expect.stringMatching(/webhook cannot be reached \(\w+\)/),
    });
    await expect(notifier.tell(status)).rejects.not.toMatchObject({ message: expect.stringContaining('hook-secret') });
  });
});

describe('the end of a delete', () => {
  const deleted = {
    cluster: 'shop',
    uid: 'u',
    region: 'eu-west-1',
    operation: 'op-9',
    startedAt: '2026-03-01T12:04:00.000Z',
    endedAt: '2026-03-01T12:05:00.000Z',
  };

  it('is reported under an id that a repetition keeps', async () => {
    // Prepare
    answers = [503];
    const notifier = createNotifier(fakeBucket(), [webhook(url, null)], now);

    // Act
    await expect(notifier.tellDeleted(deleted)).rejects.toThrow(/HTTP 503/);
    await notifier.tellDeleted(deleted);

    // Assess
    expect(received.map(({ body }) => body['id'])).toEqual(['u/op-9/ended', 'u/op-9/ended']);
    expect(received[1]?.body).toMatchObject({
      type: 'io.keelson.operation.ended',
      data: { operation: { kind: 'delete', outcome: 'done' }, cause: 'shop is deleted' },
    });
  });
});

describe('a write of the status', () => {
  const slept: number[] = [];
  let endless = false;
  // Time passes where a test says so.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    if (endless) await new Promise(() => undefined);
  };
  const attempt = { runId: 'run-1', sleep } as unknown as ActivityContext;
  const statusHolds = new StatusHolds();
  /** @param tookMs what the bucket takes */
  const write = async (part: Partial<StatusView>, number = 1, tookMs = 0): Promise<number[]> => {
    slept.length = 0;
    const put = async (): Promise<string> => {
      vi.advanceTimersByTime(tookMs);
      return '';
    };
    const deps = { bucket: { ...fakeBucket(), put }, statusHolds } as unknown as ActivityDeps;
    await writeStatus(deps, attempt, { ...scope, status: statusView(part), write: number });
    return [...slept];
  };

  it('lets changes of the next seconds go into one write while an operation runs, and returns at once else', async () => {
    expect(await write({ operation: operation() })).toEqual([5_000]);
    expect(await write({ operation: null })).toEqual([]);
    expect(await write({ operation: operation(), desiredState: 'deleted' })).toEqual([]);
  });

  it('counts what the bucket takes, so that a slow one has all of the time-out', async () => {
    expect(await write({ operation: operation() }, 1, 2_000)).toEqual([3_000]);
    expect(await write({ operation: operation() }, 1, 7_000)).toEqual([0]);
  });

  it('keeps no one waiting once it is released, also before it has begun to', async () => {
    // Prepare
    endless = true;

    // Act
    const held = write({ operation: operation() }, 2);
    await expect.poll(() => slept).toEqual([5_000]);
    statusHolds.release('run-1', 2);
    await held;
    statusHolds.release('run-1', 3);
    const ahead = await write({ operation: operation() }, 3);

    // Assess
    expect(ahead).toEqual([]);
  });

  it('is not released by what was for the write before it, or for another history', async () => {
    // Prepare
    endless = false;
    statusHolds.release('run-1', 3);
    statusHolds.release('run-2', 9);

    // Act, assess
    expect(await write({ operation: operation() }, 4)).toEqual([5_000]);
  });
});
