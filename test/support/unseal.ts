/** Opens what the worker has sealed, as a node does: with the private half of its key. */
import { createDecipheriv, createHash, createPublicKey, diffieHellman, type KeyObject, pbkdf2Sync } from 'node:crypto';

/** @returns the lines of URLs in the command; empty where it carries none for this key */
export function unseal(privateKey: KeyObject, command: string): string {
  const [, key = '', text = ''] = /^key=(\S+)\nmac=\S+\ntext=(\S+)$/m.exec(command) ?? [];
  if (key === '') return '';
  const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), type: 'spki', format: 'der' });
  const shared = diffieHellman({ privateKey, publicKey });
  const password = createHash('sha256').update(`keelson text ${key}`).update(shared).digest('hex');
  const sealed = Buffer.from(text, 'base64');
  const keys = pbkdf2Sync(password, sealed.subarray(8, 16), 1, 48, 'sha256');
  const decipher = createDecipheriv('aes-256-cbc', keys.subarray(0, 32), keys.subarray(32));
  return Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]).toString('utf8');
}
