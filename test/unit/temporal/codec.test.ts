import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { readClientEnvironment, readWorkerEnvironment } from '#src/config/environment.js';
import { AesCodec, payloadCodecs, readPayloadKeys } from '#src/temporal/codec.js';

const [OLD, NEW] = [randomBytes(32), randomBytes(32)];
const codec = (...ids: ('old' | 'new')[]) =>
  new AesCodec(new Map(ids.map((id) => [id, id === 'old' ? OLD : NEW] as const)));
const DOCUMENT = { spec: { servers: { instanceType: 't3.medium' } } };
const plain = (): Payload => defaultPayloadConverter.toPayload(DOCUMENT);
const read = (payload: Payload | undefined): unknown => payload && defaultPayloadConverter.fromPayload(payload);
const shown = (payloads: Payload[]): string =>
  payloads.map(({ data, metadata }) => Buffer.from(data ?? []).toString('latin1') + JSON.stringify(metadata)).join('');

describe('the codec of payloads', () => {
  it('shows nothing of a payload, not even its kind, and gives it back as it was', async () => {
    const encrypted = await codec('new').encode([plain()]);

    expect(shown(encrypted)).not.toMatch(/t3\.medium|json/);
    expect((await codec('new').decode(encrypted)).map(read)).toEqual([DOCUMENT]);
  });

  it('shows two equal payloads as different ones', async () => {
    const [one, other] = await codec('new').encode([plain(), plain()]);

    expect(Buffer.from(one?.data ?? []).equals(Buffer.from(other?.data ?? []))).toBe(false);
  });

  it('reads what an older key has encrypted, and what was never encrypted', async () => {
    const older = await codec('old').encode([plain()]);

    const texts = await codec('new', 'old').decode([...older, plain()]);

    expect(texts.map(read)).toEqual([DOCUMENT, DOCUMENT]);
  });

  it('encrypts with the first key', async () => {
    const [payload] = await codec('new', 'old').encode([plain()]);

    await expect(codec('new').decode(payload ? [payload] : [])).resolves.toHaveLength(1);
  });

  it('names the key that is missing', () => {
    return expect(
      codec('old')
        .encode([plain()])
        .then((payloads) => codec('new').decode(payloads)),
    ).rejects.toThrow('with the key old, which KEELSON_PAYLOAD_KEYS does not have');
  });

  it.each(['data', 'key id'])('refuses a payload whose %s was changed', async (what) => {
    const keys = new Map([
      ['new', NEW],
      ['twin', NEW],
    ]);
    const [payload] = await codec('new').encode([plain()]);
    const data = Buffer.from(payload?.data ?? []);
    const metadata = { ...payload?.metadata };
    if (what === 'data') data.writeUInt8(data.readUInt8(40) ^ 1, 40);
    else metadata['keelson-key-id'] = Buffer.from('twin');

    expect(() => void new AesCodec(keys).decode([{ metadata, data }])).toThrow();
  });

  it('is off without keys', () => {
    expect(payloadCodecs(null)).toEqual([]);
  });
});

describe('KEELSON_PAYLOAD_KEYS', () => {
  const key = NEW.toString('base64');

  it('holds keys by id, for the worker and the commands', async () => {
    const env = {
      AWS_REGION: 'eu-west-1',
      KEELSON_BUCKET: 'ops',
      KEELSON_PAYLOAD_KEYS: `2026=${key},2025=${OLD.toString('base64')}`,
    };

    expect([...(readClientEnvironment(env).payloadKeys?.keys() ?? [])]).toEqual(['2026', '2025']);
    expect((await readWorkerEnvironment(env)).payloadKeys?.get('2026')).toEqual(NEW);
  });

  it.each(['', 'x', key, `a=${key},a=${key}`, `a=${key},`, 'a=c2hvcnQ='])('refuses %j', (text) => {
    expect(readPayloadKeys(text)).toBeNull();
  });

  it('is not shown by the problem that it has', () => {
    const secret = 'c2VjcmV0LXNlY3JldA==';
    expect(() => readClientEnvironment({ KEELSON_PAYLOAD_KEYS: `a=${secret}` })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) as string }),
    );
  });
});
