/**
 * K3s tokens. Short form: the password alone. Secure form: `K10<SHA-256 of the CA>::<user>:<password>`, with user `server` or
 * `node`; only the secure form lets the joining side check the CA before it says the password. [docs: cli/token]
 */
export type TokenUser = 'server' | 'node';

export interface Token {
  /** Hash of the CA that the token was made for; null in the short form. */
  caHash: string | null;
  /** Null in the short form, which K3s accepts as either user if the password matches. */
  user: string | null;
  password: string;
}

export function parseToken(text: string): Token | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const secure = /^K10([0-9a-f]{64})::([^:]+):(.+)$/.exec(trimmed);
  if (secure) return { caHash: secure[1] ?? '', user: secure[2] ?? '', password: secure[3] ?? '' };
  const named = /^([^:]+):(.+)$/.exec(trimmed);
  if (named) return { caHash: null, user: named[1] ?? '', password: named[2] ?? '' };
  // A secure token that lacks its end is refused by K3s rather than taken for a password.
  return trimmed.startsWith('K10') ? null : { caHash: null, user: null, password: trimmed };
}

export function secureToken(caHash: string, user: TokenUser, password: string): string {
  return `K10${caHash}::${user}:${password}`;
}
