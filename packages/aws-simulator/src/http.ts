/** The HTTP server beneath everything: reads whole requests, sends replies, cuts connections on request. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpReply } from './contract.js';
import type { SignedRequest } from './sigv4.js';

export interface Request extends SignedRequest {
  /** Source address and port of the caller. */
  callerAddress: string;
  callerPort: number;
}

/** @returns null to cut the connection without an answer */
export type Respond = (request: Request) => Promise<HttpReply | null>;

export interface Listener {
  port: number;
  close(): Promise<void>;
}

/** Larger bodies are refused; user data, scripts and objects here are far smaller. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Listens at one address.
 *
 * @param respond gets every request; an exception becomes a 500
 * @param address loopback, unless hosts of another network must reach the simulator
 */
export async function listen(port: number, respond: Respond, address = '127.0.0.1'): Promise<Listener> {
  const server = createServer((message, response) => {
    void answer(message, response, respond);
  });
  // Clients keep connections for a while: closing first would lose a request on its way.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return { port: portOf(server), close: () => close(server) };
}

async function answer(message: IncomingMessage, response: ServerResponse, respond: Respond): Promise<void> {
  try {
    const request = await readRequest(message);
    const reply = await respond(request);
    if (reply === null) message.socket.destroy();
    else send(response, request.method, reply);
  } catch (error) {
    // The caller or the simulator has gone: no one gets the answer.
    if (message.socket.destroyed || response.headersSent) return;
    send(response, 'POST', { status: 500, body: `${String(error)}\n` });
  }
}

async function readRequest(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MOST_BYTES) throw new Error('the body is too large');
    chunks.push(bytes);
  }
  const [rawPath = '/', ...query] = (message.url ?? '/').split('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: message.method ?? 'GET',
    rawPath,
    rawQuery: query.join('?'),
    headers,
    body: Buffer.concat(chunks),
    callerAddress: message.socket.remoteAddress ?? '',
    callerPort: message.socket.remotePort ?? 0,
  };
}

function send(response: ServerResponse, method: string, { status, headers, body }: HttpReply): void {
  const bodiless = method === 'HEAD' || status === 204 || status === 304;
  const length = bodiless ? {} : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length });
  response.end(bodiless ? undefined : body);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
