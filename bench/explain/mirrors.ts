import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FailureCase } from './cases.js';

/** A mirror of K3s that does not give the release. The worker asks it before anything is made: its answer is the first refusal. */
const mirror = (what: string, how: string, url: () => Promise<string> | string, names: RegExp): FailureCase => ({
  what: `mirror: ${what}`,
  how: `workflow started with k3s.mirror ${how}, past the checks of \`apply\``,
  spec: async () => ({ k3s: { version: 'v1.34.2+k3s1', mirror: await url() } }),
  names,
});

/** @param status of each answer; null for none, ever */
const answering = (status: number | null) => async (): Promise<string> => {
  const server = createServer((_, response) => {
    if (status !== null) response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const UNKNOWN = 'https://k3s.mirror.invalid';
const CLOSED = 'http://127.0.0.1:1';

export const MIRRORS: readonly FailureCase[] = [
  mirror('its name does not resolve (DNS)', UNKNOWN, () => UNKNOWN, /ENOTFOUND|EAI_AGAIN/),
  mirror('nothing listens there', CLOSED, () => CLOSED, /ECONNREFUSED/),
  mirror('it answers 503', 'of a server that answers 503', answering(503), /HTTP 503/),
  mirror('it answers 403', 'of a server that answers 403', answering(403), /HTTP 403/),
  {
    ...mirror('it takes the question and never answers', 'of a server that never answers', answering(null), /time/),
    silent: true,
  },
];
