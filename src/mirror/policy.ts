import { DEFAULT_MIRROR } from '../model/spec/schema.js';
import { addressIn, isOwnAddress } from './addresses.js';

/** The operator's rules for mirrors. */
export interface MirrorPolicy {
  /** `KEELSON_ALLOWED_MIRRORS`: the only ones that a document may name; null if not set. */
  allowed: readonly string[] | null;
  /** `KEELSON_K3S_MIRROR`, which the operator names. */
  site: string | null;
}

/** `https://host`, `http://host:8080/k3s`, `http://127.0.0.1:*` for any port; `https://*` for any public host. */
const ENTRY = /^(https?:)\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}|\*))?(\/[^\s?#]*)?$/i;

const ANY_PUBLIC = 'https://*';
const NOT_LISTED = 'the operator does not allow it (KEELSON_ALLOWED_MIRRORS of the worker)';

export const isMirrorEntry = (text: string): boolean => text === ANY_PUBLIC || ENTRY.test(text);

/** Returns whether the operator allows a URL by name: it has the scheme, host and port of an entry, and its path or one below. */
export function isNamed(url: URL, { allowed, site }: MirrorPolicy): boolean {
  return [...(allowed ?? []), ...(site === null ? [] : [site])].some((entry) => {
    const [, scheme = '', host = '', port = '', path = '/'] = ENTRY.exec(entry) ?? [];
    const samePort = port === '*' || url.port === defaultless(scheme, port);
    const folder = path.endsWith('/') ? path : `${path}/`;
    return (
      url.protocol === scheme.toLowerCase() &&
      url.hostname === host.toLowerCase() &&
      samePort &&
      `${url.pathname}/`.startsWith(folder)
    );
  });
}

/** The URL parser leaves out the scheme's default port. */
const defaultless = (scheme: string, port: string): string =>
  (scheme.toLowerCase() === 'https:' && port === '443') || (scheme.toLowerCase() === 'http:' && port === '80')
    ? ''
    : port;

/**
 * Returns why a document may not name this mirror, or null. Every node runs the mirror's files as root, and the worker asks it from inside
 * the network.
 *
 * @param pinned whether spec.k3s.sha256 names the binary, so that any server may answer
 */
export function mirrorProblem(mirror: string, pinned: boolean, policy: MirrorPolicy): string | null {
  if (!URL.canParse(mirror)) return 'it is not a URL';
  const url = new URL(mirror);
  if (isNamed(url, policy) || mirror === DEFAULT_MIRROR) return null;
  const anyPublic = policy.allowed === null || (policy.allowed.includes(ANY_PUBLIC) && url.protocol === 'https:');
  if (!anyPublic) return NOT_LISTED;
  const address = addressIn(url);
  if (url.hostname === 'localhost' || (address !== null && isOwnAddress(address)))
    return 'it is an address of the worker itself or its link';
  if (url.protocol !== 'https:' && !pinned)
    return 'it is not https, and spec.k3s.sha256 does not name the binary: anyone on the way could replace it';
  return null;
}
