import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';

/** AES-256 keys by id, the newest first: it encrypts, all decrypt. */
export type PayloadKeys = ReadonlyMap<string, Uint8Array>;

const ENCODING = 'binary/encrypted';
const KEY_ID = 'keelson-key-id';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/**
 * Encrypts the payloads of Keelson's workflows, signals, updates and queries, before they leave for the Temporal service, by AES-256-GCM.
 * The key's id stands beside the text, and is authenticated with it. Unencrypted payloads are read as they are: they date from before the
 * first key.
 */
export class AesCodec implements PayloadCodec {
  readonly #keys: PayloadKeys;
  readonly #newest: readonly [string, Uint8Array];

  /** @throws Error without a key */
  constructor(keys: PayloadKeys) {
    const [newest] = keys;
    if (newest === undefined) throw new Error('a codec needs a key');
    this.#keys = keys;
    this.#newest = newest;
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.#encrypted(payload)));
  }

  /** @throws Error for a missing key, and for an altered payload */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.#decrypted(payload)));
  }

  #encrypted(payload: Payload): Payload {
    const [id, key] = this.#newest;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(id));
    const text = Buffer.concat([cipher.update(framed(payload)), cipher.final()]);
    const data = new Uint8Array(Buffer.concat([iv, cipher.getAuthTag(), text]));
    return { metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(id) }, data };
  }

  #decrypted(payload: Payload): Payload {
    if (textOf(payload.metadata?.['encoding']) !== ENCODING) return payload;
    const id = textOf(payload.metadata?.[KEY_ID]);
    const key = this.#keys.get(id);
    if (key === undefined)
      throw new Error(`a payload is encrypted with the key ${id}, which KEELSON_PAYLOAD_KEYS does not have`);
    const data = Buffer.from(payload.data ?? []);
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(id)).setAuthTag(data.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return unframed(Buffer.concat([decipher.update(data.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]));
  }
}

/** Returns codecs for a client's or worker's data converter; none without keys. */
export const payloadCodecs = (keys: PayloadKeys | null): PayloadCodec[] => (keys === null ? [] : [new AesCodec(keys)]);

/** Reads `id=<base64 of 32 bytes>`, separated by commas; null for anything else. */
export function readPayloadKeys(text: string): PayloadKeys | null {
  const keys = new Map<string, Uint8Array>();
  for (const entry of text.split(',')) {
    const [, id = '', encoded = ''] = /^\s*([A-Za-z0-9._-]{1,64})=([A-Za-z0-9+/]{43}=)\s*$/.exec(entry) ?? [];
    if (id === '' || keys.has(id)) return null;
    keys.set(id, Buffer.from(encoded, 'base64'));
  }
  return keys;
}

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

/** Returns the payload as bytes: length of its metadata, metadata as JSON of base64, data. */
function framed({ metadata, data }: Payload): Buffer {
  const pairs = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  const head = Buffer.from(JSON.stringify(pairs));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, Buffer.from(data ?? [])]);
}

function unframed(bytes: Buffer): Payload {
  const end = LENGTH_BYTES + bytes.readUInt32BE(0);
  const pairs = JSON.parse(bytes.subarray(LENGTH_BYTES, end).toString('utf8')) as [string, string][];
  const metadata = Object.fromEntries(
    pairs.map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))]),
  );
  return { metadata, data: new Uint8Array(bytes.subarray(end)) };
}
