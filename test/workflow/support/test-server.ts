import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** A Java program that starts beside two other test files on two cores. */
const LONGEST_START_MS = 60_000;

export interface TestServer {
  env: TestWorkflowEnvironment;
  close(): Promise<void>;
}

/**
 * Starts the time-skipping test server and waits until it listens. The SDK's own start gives it five seconds, which are too few for a Java program
 * on a busy machine. [sdk-core: ephemeral_server, "did not start within 5s"]
 *
 * @param path of the executable, which takes a port
 * @throws Error when it ends before it listens, or does not listen within a minute
 */
export async function startTestServer(path: string): Promise<TestServer> {
  const port = await freePort();
  const server = spawn(path, [String(port)], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill();
    await ended;
  };
  try {
    const failed = ended.then(([code]) => Promise.reject(new Error(`${path} ended with exit code ${code}`)));
    await Promise.race([listening(port), failed]);
    const options = { server: { type: 'existing' }, supportsTimeSkipping: true, address: `127.0.0.1:${port}` } as const;
    // Private: the public way to a server that runs takes it for one that skips no time.
    const env = await TestWorkflowEnvironment['create'](options);
    return {
      env,
      async close() {
        await env.teardown();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port of 127.0.0.1 is free');
  return address.port;
}

async function listening(port: number): Promise<void> {
  const deadline = Date.now() + LONGEST_START_MS;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error(`127.0.0.1:${port} does not listen after ${LONGEST_START_MS} ms`);
    await sleep(100);
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
