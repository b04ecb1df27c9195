/** What a browser, and a page that a person should not trust, get from the codec server. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AesCodec } from '#src/temporal/codec.js';
import { codecServer } from '#src/temporal/codec-server.js';

const PAGE = 'http://127.0.0.1:8233';
const codec = new AesCodec(new Map([['2026', randomBytes(32)]]));
let server: Server;
let port: number;
beforeAll(async () => {
  server = codecServer({ codec, secret: 'secret', origins: [PAGE] });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

interface Asked {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** By node:http, which lets a test say any Host and Origin. */
async function ask({ path = '/secret/decode', method = 'POST', headers = {}, body = '' }: Asked) {
  const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const part of response) text += String(part);
  return {
    status: response.statusCode,
    headers: response.headers,
    json: text === '' ? null : (JSON.parse(text) as unknown),
  };
}

const inJson = (payloads: Payload[]): string =>
  JSON.stringify({
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
      data: Buffer.from(data ?? []).toString('base64'),
    })),
  });

describe('the codec server', () => {
  it('decrypts what workers have encrypted, and leaves as it is what no one has', async () => {
    const plain = defaultPayloadConverter.toPayload({ phase: 'Running' });
    const [encrypted] = await codec.encode([plain]);

    const { status, json } = await ask({ body: inJson([encrypted ?? {}, plain]), headers: { origin: PAGE } });

    expect(status).toBe(200);
    expect(json).toEqual(JSON.parse(inJson([plain, plain])));
  });

  it('encrypts for a command that sends a signal', async () => {
    const plain = defaultPayloadConverter.toPayload({ instanceType: 't3.large' });

    const { json } = await ask({ path: '/secret/encode', body: inJson([plain]) });

    const { payloads } = json as { payloads: { metadata: Record<string, string> }[] };
    expect(Buffer.from(payloads[0]?.metadata['encoding'] ?? '', 'base64').toString()).toBe('binary/encrypted');
  });

  it('lets a browser know that the page of the Web UI may ask', async () => {
    const { status, headers } = await ask({ method: 'OPTIONS', headers: { origin: PAGE } });

    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-headers': expect.stringMatching(/X-Namespace/),
    });
  });

  it.each<[string, Asked, number, RegExp]>([
    ['a page of another origin', { headers: { origin: 'https://evil.example' } }, 403, /evil\.example/],
    ['a name that someone has pointed at this machine', { headers: { host: 'evil.example' } }, 403, /evil\.example/],
    ['a caller who does not know the secret', { path: '/decode' }, 404, /SECRET/],
    ['another secret', { path: '/guessed/decode' }, 404, /SECRET/],
    ['a GET', { method: 'GET' }, 404, /POST/],
    ['what is not JSON', { body: '<xml/>' }, 400, /not JSON/],
    ['payloads that are not a list', { body: '{"payloads":1}' }, 400, /payloads/],
    ['null', { body: 'null' }, 400, /payloads/],
    ['a payload that is not an object', { body: '{"payloads":[null]}' }, 400, /./],
  ])('refuses %s, and decrypts nothing for it', async (_, asked, expected, message) => {
    const [encrypted] = await codec.encode([defaultPayloadConverter.toPayload('a secret word')]);

    const { status, json } = await ask({ body: inJson([encrypted ?? {}]), ...asked });

    expect(status).toBe(expected);
    expect((json as { message: string }).message).toMatch(message);
    expect(JSON.stringify(json)).not.toContain(Buffer.from('"a secret word"').toString('base64'));
  });

  it('takes a missing list for an empty one, as the temporal command sends it', async () => {
    expect(await ask({ body: '{}' })).toMatchObject({ status: 200, json: { payloads: [] } });
  });

  it('names the key that is missing', async () => {
    const other = new AesCodec(new Map([['2031', randomBytes(32)]]));
    const [encrypted] = await other.encode([defaultPayloadConverter.toPayload(1)]);

    const { status, json } = await ask({ body: inJson([encrypted ?? {}]) });

    expect(status).toBe(400);
    expect((json as { message: string }).message).toContain('2031');
  });
});
