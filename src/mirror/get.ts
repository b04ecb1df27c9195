import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { readAtMost } from '../model/read-at-most.js';
import { addressIn, isOwnAddress, OwnAddress, publicLookup } from './addresses.js';

/** GitHub needs one or two. */
const MOST_REDIRECTS = 5;

export interface GetOptions {
  /** Bytes of the body, unpacked. */
  most: number;
  signal: AbortSignal;
  /** Whether the operator names this URL, which may then be anywhere. */
  isNamed: (url: URL) => boolean;
  /** `GET` by default; `HEAD` reads no body. */
  method?: 'GET' | 'HEAD';
}

/** A redirect that is not followed: from https to http, or without an end. */
export class RedirectRefused extends Error {
  override readonly name = 'RedirectRefused';
}

/**
 * Reads a small text by HTTP. The body is bounded after it is unpacked, redirects lead to the same scheme or to https, and neither the URL nor a redirect
 * leads to this machine or its link, unless the operator names it.
 *
 * @throws TooLarge, OwnAddress, RedirectRefused, what the network says, the signal's reason
 */
export async function getText(from: string, options: GetOptions): Promise<{ status: number; text: string }> {
  let url = new URL(from);
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const answer = await ask(url, options);
    const { statusCode: status = 0 } = answer;
    const { location } = answer.headers;
    if (status < 300 || status > 399 || location === undefined || status === 304) {
      const body = await readAtMost(unpacked(answer), options.most);
      return { status, text: new TextDecoder().decode(body) };
    }
    answer.destroy();
    const next = new URL(location, url);
    if (next.protocol !== url.protocol && next.protocol !== 'https:')
      throw new RedirectRefused(`it leads from ${url.protocol}// to ${next.protocol}//`);
    url = next;
  }
  throw new RedirectRefused(`it leads on more than ${MOST_REDIRECTS} times`);
}

function ask(url: URL, { signal, isNamed, method = 'GET' }: GetOptions): Promise<IncomingMessage> {
  const named = isNamed(url);
  const address = addressIn(url);
  if (!named && address !== null && isOwnAddress(address)) return Promise.reject(new OwnAddress(url.host, address));
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // A new connection: a kept one may have been opened under other rules.
    const request = send(url, { method, signal, agent: false, ...(!named && { lookup: publicLookup }) }, resolve);
    request.on('error', reject);
    request.end();
  });
}

/** Some mirrors send compressed files without being asked. */
function unpacked(answer: IncomingMessage): Readable {
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  const unpack = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[
    encoding
  ];
  // The last stream reports a failure.
  return unpack === undefined ? answer : pipeline(answer, unpack(), () => undefined);
}
