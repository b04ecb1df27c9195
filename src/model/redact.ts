const MASK = '<masked>';

/**
 * Patterns of secrets, from any writer: scripts, tools on nodes, AWS's words. In the order in which they are masked; a truncated value
 * counts as far as it goes. Quotes and backslashes may stand between a name and its value, as in JSON within JSON.
 */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // A private key, also one whose end was cut off, or whose lines are joined by `\n`. [RFC 7468]
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/gi,
    MASK,
  ],
  // Parameters of a presigned URL. [docs: SigV4 query parameters]
  [/\b(X-Amz-(?:Signature|Credential|Security-Token))(["'\\]*\s*[=:]\s*["'\\]*)[^\s"'&<>\\]+/gi, `$1$2${MASK}`],
  // K3s tokens in secure form. [docs: cli/token]
  [/K10[0-9a-f]{6,}(?:::[^\s"'<>\\]*)?/gi, MASK],
  [/\b(authorization["'\\]*\s*[:=]\s*["'\\]*)(?:[a-z0-9-]+\s+)?[^\s"'<>\\,]+/gi, `$1${MASK}`],
  [/\b(basic|bearer)(\s+)[A-Za-z0-9+/=._~-]{8,}/gi, `$1$2${MASK}`],
  // Credentials in a URL.
  [/(\b[a-z][a-z0-9+.-]{1,15}:\/\/)[^\s/@"'<>]+@/gi, `$1${MASK}@`],
  // Fields whose name says that they hold a secret.
  [
    /((?:client-key-data|private[-_]?key|secret[-_]?access[-_]?key|session[-_]?token|security[-_]?token|(?:agent|server|join|access|refresh|id|k3s)[-_]?token|token|password|passwd))(["'\\]*\s*[=:]\s*["'\\]*)(?!<masked>)[^\s"'&<>\\,}]{6,}/gi,
    `$1$2${MASK}`,
  ],
  // Keys of AWS by their form. [docs: IAM unique identifiers]
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, MASK],
];

/** Whole, because part of a pattern before `X-Amz-` would be tried from each place of a long text. */
const URLS = /https?:[^\s"'<>]+/gi;

/** A run of base64, as of a token, a key, or a header without its name. */
const BASE64 = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
/** Longer than any hash or id; session tokens of AWS and lines of keys have more. */
const LONG_RUN = 100;
const DECODED_SECRET = /::(?:server|node|agent):|^(?:server|node):|K10[0-9a-f]{6,}|PRIVATE KEY|X-Amz-/i;

/**
 * Masks what looks like a secret, before failures, results and logs. It runs before a text is cut, because half of a secret does not look
 * like one. It knows forms, not values; the node also masks the values that a job knows to be secret.
 */
export function redact(text: string): string {
  let masked = text.replace(URLS, (url) => (/X-Amz-/i.test(url) ? MASK : url));
  for (const [pattern, replacement] of SECRETS) masked = masked.replace(pattern, replacement);
  return masked.replace(BASE64, (run) => (run.length >= LONG_RUN || DECODED_SECRET.test(decoded(run)) ? MASK : run));
}

/** Returns the bytes as Latin-1; empty for anything but base64. A run may have lost its beginning: each of four places may be the first. */
function decoded(run: string): string {
  const text = run.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return [0, 1, 2, 3].map((skip) => bytesOf(text.slice(skip))).join('\n');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Not every environment of the model has `atob`. */
function bytesOf(text: string): string {
  let [bits, held, out] = [0, 0, ''];
  for (const char of text) {
    held = ((held << 6) | ALPHABET.indexOf(char)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += String.fromCharCode((held >> bits) & 0xff);
  }
  return out;
}
