/**
 * Seals text to a node's key; `lib/unseal.sh` opens it with the command line of openssl. ECDH on P-256 with a one-time key pair, then
 * AES-256-CBC and HMAC-SHA256 over the text and its job. Secrets that stay valid do not belong into it: SSM keeps commands for 30 days.
 */
import {
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  pbkdf2Sync,
  randomBytes,
} from 'node:crypto';

/** A presigned URL, and the headers that its request must carry. */
export interface SignedUrl {
  url: string;
  headers?: readonly string[];
}

/** A node's key: SubjectPublicKeyInfo of a point of P-256, in base64. It has this length. */
const KEY = /^[A-Za-z0-9+/]{122}==$/;

/** Line by which the runner reports it. */
const KEY_LINE = /^keelson-key id=(\S{1,100}) key=(\S{1,200})$/m;

/**
 * Returns the public key that a node reports for the job; null for output without one, or with one of another kind.
 *
 * @param stdout of the command that started the job
 */
export function reportedKey(stdout: string, jobId: string): string | null {
  const [, id, key = ''] = KEY_LINE.exec(stdout) ?? [];
  return id === jobId && publicKeyOf(key) !== null ? key : null;
}

/**
 * @param publicKey as `reportedKey` gives it
 * @returns the text that the node opens for this job only
 * @throws Error when the key is not one of P-256
 */
export function seal(publicKey: string, jobId: string, text: string): string {
  const recipient = publicKeyOf(publicKey);
  if (recipient === null) throw new Error("the node's key is not a point of P-256");
  const once = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = once.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const shared = diffieHellman({ privateKey: once.privateKey, publicKey: recipient });
  const derive = (what: string): string =>
    createHash('sha256').update(`keelson ${what} ${key}`).update(shared).digest('hex');
  const encrypted = encrypt(derive('text'), text).toString('base64');
  const mac = createHmac('sha256', Buffer.from(derive('mac'), 'hex'))
    .update(`${jobId}\n${key}\n${encrypted}`)
    .digest('hex');
  const to = createHash('sha256').update(publicKey).digest('hex');
  return `to=${to}\nkey=${key}\nmac=${mac}\ntext=${encrypted}\n`;
}

/** Returns lines of URLs as the scripts read them. @throws Error, without a URL in it, for anything but a line of ASCII */
export function urlLines(urls: Record<string, SignedUrl>): string {
  return Object.entries(urls)
    .map(([name, { url, headers = [] }]) => {
      if (!/^https?:\/\/[\x21-\x7e]+$/.test(url))
        throw new Error(`${name} is not an http(s) URL in ASCII without spaces`);
      if (headers.some((header) => !/^[\x20-\x7e]+$/.test(header))) throw new Error(`a header of ${name} is not ASCII`);
      return [`${name}=${url}\n`, ...headers.map((header) => `${name}_HEADER=${header}\n`)].join('');
    })
    .join('');
}

function publicKeyOf(text: string): KeyObject | null {
  if (!KEY.test(text)) return null;
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
  } catch {
    return null;
  }
}

/** As `openssl enc -aes-256-cbc -md sha256 -pbkdf2 -iter 1` does: the password is a key of 256 bits already. */
function encrypt(password: string, text: string): Buffer {
  const salt = randomBytes(8);
  const keys = pbkdf2Sync(password, salt, 1, 48, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(0, 32), keys.subarray(32));
  return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(text, 'utf8'), cipher.final()]);
}
