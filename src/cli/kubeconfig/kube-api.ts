import { request as requestHttps } from 'node:https';
import { readAtMost } from '../../model/read-at-most.js';
import { CliError, EXIT } from '../exit.js';
import type { Access } from './stored.js';

const ANSWER_MS = 10_000;
const MOST_BYTES = 256 * 1024;

/** Asks the API server of a cluster. @returns the answer's JSON */
export type KubeApi = (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => Promise<unknown>;

/**
 * Returns the API of a cluster with the stored access; only the cluster's own CA counts.
 *
 * @throws CliError `unreachable` if no API server answers, `refused` if Kubernetes forbids it, else `failed`; each with Kubernetes' own
 * words
 */
export function kubeApi({ server, ca, clientCertificate, clientKey }: Access, signal: AbortSignal): KubeApi {
  const decoded = (base64: string): Buffer => Buffer.from(base64, 'base64');
  const tls = { ca: decoded(ca), cert: decoded(clientCertificate), key: decoded(clientKey) };
  return async (method, path, body) => {
    const { status, text } = await send(method, new URL(path, server), body).catch((error: unknown) => {
      throw new CliError(
        EXIT.unreachable,
        `the API at ${server} does not answer: ${error instanceof Error ? error.message : 'unknown error'}`,
        'check spec.access.apiCidrs and the way to the cluster; this command uses no proxy',
        { cause: error },
      );
    });
    const answer = parsed(text);
    if (status >= 200 && status <= 299) return answer;
    const said = (answer as { message?: unknown } | null)?.message;
    throw new CliError(
      status === 403 ? EXIT.refused : EXIT.failed,
      `${method} ${path}: HTTP ${status}${typeof said === 'string' ? `: ${said.slice(0, 500)}` : ''}`,
      status === 401 ? 'the stored kubeconfig is not of this cluster any more: see `keelson status`' : '',
    );
  };

  function send(method: string, url: URL, body?: object): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) };
      const options = {
        method,
        headers,
        ...tls,
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      };
      const asked = requestHttps(url, options, (response) => {
        readAtMost(response, MOST_BYTES).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, text: new TextDecoder().decode(bytes) }),
          reject,
        );
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
