import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';

/** A page of the Web UI asks for up to a hundred events at once. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A payload in the JSON of Temporal's protocol: bytes are base64. */
interface JsonPayload {
  metadata?: Record<string, string>;
  data?: string;
}

export interface CodecServerOptions {
  codec: PayloadCodec;
  /** First part of each path, a secret: other users of this machine reach the port, too. */
  secret: string;
  /** Origins of Web UIs whose pages may ask, e.g. `http://127.0.0.1:8233`. */
  origins: readonly string[];
}

/**
 * Temporal's codec server for one person: it decrypts for the Web UI in their browser and for the `temporal` command, and encrypts for the
 * latter. It should listen on a loopback address only. It refuses pages of other origins, and other host names before the address, which
 * such a page could give it. [docs: Temporal, codec server; DNS rebinding]
 */
export function codecServer(options: CodecServerOptions): Server {
  return createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      send(response, 400, { message: error instanceof Error ? error.message : String(error) });
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, secret, origins }: CodecServerOptions,
): Promise<void> {
  const { origin, host = '' } = request.headers;
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host))
    return send(response, 403, { message: `${host} is not a name of this machine` });
  if (origin !== undefined) {
    if (!origins.includes(origin))
      return send(response, 403, { message: `pages of ${origin} may not ask: name it with --allow-origin` });
    for (const [name, value] of Object.entries(crossOrigin(origin))) response.setHeader(name, value);
  }
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const direction = path === `/${secret}/decode` ? 'decode' : path === `/${secret}/encode` ? 'encode' : null;
  if (direction === null || request.method !== 'POST')
    return send(response, 404, { message: 'POST to /SECRET/decode or /SECRET/encode, as the server printed it' });
  const payloads = payloadsIn(await bodyOf(request));
  send(response, 200, { payloads: (await codec[direction](payloads)).map(toJson) });
}

/** Returns the headers that let a page ask. The last one lets a public page ask this machine. [W3C: Private Network Access] */
const crossOrigin = (origin: string): Record<string, string> => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type, X-Namespace, Authorization',
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Allow-Private-Network': 'true',
  Vary: 'Origin',
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MOST_BYTES) throw new Error(`the request is larger than ${MOST_BYTES} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

function payloadsIn(text: string): Payload[] {
  let body: { payloads?: JsonPayload[] };
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    throw new Error('the request is not JSON');
  }
  // The JSON of protocol buffers leaves out an empty list.
  const { payloads = [] } = body ?? { payloads: null };
  if (!Array.isArray(payloads)) throw new Error('"payloads" is not a list');
  return payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(String(value), 'base64')]),
    ),
    data: Buffer.from(data ?? '', 'base64'),
  }));
}

const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
