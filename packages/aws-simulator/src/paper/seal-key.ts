/** The key pair of a node on paper: real, for the worker seals URLs to it. The scheme stands in the node's own scripts. */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  pbkdf2Sync,
} from 'node:crypto';

export interface SealKey {
  /** SubjectPublicKeyInfo in base64, as the node reports it. */
  public: string;
  private: KeyObject;
}

export function makeSealKey(): SealKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { public: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), private: privateKey };
}

const sha256 = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** @returns what was sealed; `other-key` where it is for another node, `corrupted` where it was changed on its way or is for another job */
export function unseal(own: SealKey, jobId: string, sealed: string): { text: string } | 'other-key' | 'corrupted' {
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(sealed)?.[1] ?? '';
  if (field('to') !== sha256(own.public)) return 'other-key';
  const [key, text] = [field('key'), field('text')];
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), type: 'spki', format: 'der' });
    const shared = diffieHellman({ privateKey: own.private, publicKey });
    const mac = createHmac('sha256', Buffer.from(sha256(`keelson mac ${key}`, shared), 'hex'))
      .update(`${jobId}\n${key}\n${text}`)
      .digest('hex');
    if (mac !== field('mac')) return 'corrupted';
    return { text: decrypt(sha256(`keelson text ${key}`, shared), Buffer.from(text, 'base64')) };
  } catch {
    return 'corrupted';
  }
}

/** As `openssl enc -d -aes-256-cbc -md sha256 -pbkdf2 -iter 1`. */
function decrypt(password: string, data: Buffer): string {
  const keys = pbkdf2Sync(password, data.subarray(8, 16), 1, 48, 'sha256');
  const cipher = createDecipheriv('aes-256-cbc', keys.subarray(0, 32), keys.subarray(32));
  return Buffer.concat([cipher.update(data.subarray(16)), cipher.final()]).toString('utf8');
}
