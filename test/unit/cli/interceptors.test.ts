import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Connection } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { INTERCEPTORS } from '#src/cli/clusters/interceptors.js';

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** A server that leaves its answers to the test. */
async function serve(): Promise<{ connection: Connection; nextCall: () => Promise<ServerHttp2Stream> }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = Connection.lazy({ address: `127.0.0.1:${port}`, interceptors: INTERCEPTORS });
  closings.push(
    () => connection.close(),
    () => server.close(),
  );
  return { connection, nextCall: async () => (await once(server, 'stream'))[0] as ServerHttp2Stream };
}

const UNAVAILABLE = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' };

describe('a call of a client', () => {
  it('that is to be repeated when its connection is closed fails, and does not end the process', async () => {
    // Prepare
    const { connection, nextCall } = await serve();
    const arrived = nextCall();
    const answer = connection.workflowService.getSystemInfo({});
    const call = await arrived;

    // Act
    await connection.close();
    call.respond(UNAVAILABLE, { endStream: true });

    // Assess
    await expect(answer).rejects.toThrow('Channel has been shut down');
  });

  it('after the connection is closed fails', async () => {
    const { connection } = await serve();
    await connection.close();

    await expect(connection.workflowService.getSystemInfo({})).rejects.toThrow('Channel has been shut down');
  });

  it('is repeated while the connection is open', async () => {
    // Prepare
    const { connection, nextCall } = await serve();
    const first = nextCall();
    const answer = connection.workflowService.getSystemInfo({});
    const call = await first;

    // Act
    const second = nextCall();
    call.respond(UNAVAILABLE, { endStream: true });

    // Assess
    (await second).respond({ ...UNAVAILABLE, 'grpc-status': '7', 'grpc-message': 'not you' }, { endStream: true });
    await expect(answer).rejects.toThrow('not you');
  });
});
