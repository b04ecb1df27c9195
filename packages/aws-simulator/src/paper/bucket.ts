/** What a node on paper fetches and stores by presigned URLs: real requests, which S3 judges. The counterpart of lib/transfer.sh, urls.sh and tokens.sh. */
import { ETC, read, SERVER, write } from './files.js';
import type { Job, Url } from './job.js';

/** Answers that a second try may change. [curl(1): --retry] */
const AGAIN = new Set([408, 429, 500, 502, 503, 504]);
const TRIES = 5;

interface Answer {
  /** 0: none came. */
  status: number;
  body: Buffer;
  lastModified: number;
}

interface Sent {
  method?: 'PUT';
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

async function transfer(job: Job, { url, headers }: Url, init: Sent): Promise<Answer> {
  let last: Answer = { status: 0, body: Buffer.alloc(0), lastModified: 0 };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const answer = await fetch(url, { ...init, headers: { ...headers, ...init.headers }, signal: job.signal });
      const body = Buffer.from(await answer.arrayBuffer());
      last = { status: answer.status, body, lastModified: Date.parse(answer.headers.get('last-modified') ?? '') };
      if (!AGAIN.has(answer.status)) return last;
    } catch (error) {
      if (job.signal.aborted) throw error;
    }
    await job.wait('the bucket');
  }
  return last;
}

const isThere = ({ status }: Answer): boolean => status >= 200 && status < 300;

function refused(job: Job, { status }: Answer, what: string, missing: string, todo: string): never {
  if (status === 412)
    job.fail(
      'BucketChanged',
      `${what}: someone has stored it meanwhile (HTTP 412)`,
      'it is stored again by the next try',
    );
  if (status === 404) job.fail(missing, `${what}: not there (HTTP 404)`, todo);
  if (status !== 0)
    job.fail(
      'BucketRefused',
      `${what}: HTTP ${status}`,
      'a 403 is an expired URL or a missing permission; run it again',
    );
  return job.fail(
    'BucketUnreachable',
    `${what}: no answer`,
    'check the route, DNS, proxy and security groups of the node',
  );
}

export async function store(job: Job, name: string, content: string | Buffer, what: string): Promise<void> {
  const body = typeof content === 'string' ? content : new Uint8Array(content);
  const answer = await transfer(job, await job.url(name), { method: 'PUT', body });
  if (!isThere(answer))
    refused(job, answer, `storing the ${what} in the bucket`, 'BucketMissing', 'check bucket and key');
}

export async function load(job: Job, name: string, what: string, missing: string, todo: string): Promise<Buffer> {
  const answer = await transfer(job, await job.url(name), {});
  return isThere(answer) ? answer.body : refused(job, answer, what, missing, todo);
}

type TokenName = 'server-token' | 'agent-token';

/** Into the folder of K3s's configuration. */
export async function fetchToken(job: Job, url: string, name: TokenName): Promise<void> {
  const text = await load(
    job,
    url,
    `the ${name} in the bucket`,
    'TokenMissing',
    'the first server must have stored it',
  );
  putToken(job, name, text.toString('utf8'));
}

/** A server takes its agent token literally; only an agent understands the form that names the CA. */
function putToken(job: Job, name: TokenName, text: string): void {
  const short = name === 'agent-token' && job.role === 'server';
  write(job.machine, `${ETC}/${name}`, short ? text.replace(/^K10[0-9a-f]*::[a-z]*:/, '') : text);
}

/**
 * Until the bucket has the tokens of this role that are newer than `since`, an HTTP date: the server token first, as the first server stores it. One that names
 * another CA than the agent token is of a first server that did not come up.
 *
 * @returns false after so many seconds
 */
export async function awaitTokens(job: Job, seconds: number, since: string): Promise<boolean> {
  const until = Date.now() + seconds * 1_000;
  let server: string | null = null;
  for (;;) {
    if (job.role === 'server') server ??= await newerToken(job, 'TOKEN_GET', since);
    const agent = job.role === 'server' && server === null ? null : await newerToken(job, 'AGENT_TOKEN_GET', since);
    if (agent !== null && (server === null || caOf(server) === caOf(agent))) {
      if (server !== null) putToken(job, 'server-token', server);
      putToken(job, 'agent-token', agent);
      return true;
    }
    if (agent !== null) server = null;
    if (Date.now() >= until) return false;
    await job.wait('the first server to store its tokens');
  }
}

async function newerToken(job: Job, url: string, since: string): Promise<string | null> {
  const answer = await transfer(job, await job.url(url), { headers: { 'if-modified-since': since } });
  const isNewer = isThere(answer) && answer.body.length > 0 && answer.lastModified > Date.parse(since);
  return isNewer ? answer.body.toString('utf8') : null;
}

/** The hash of the CA with which a token begins. */
const caOf = (token: string): string | undefined => /^K10([0-9a-f]{64})::/.exec(token)?.[1];

/** The secure form, which K3s keeps. */
export async function storeToken(job: Job, name: 'token' | 'agent-token', url: string): Promise<void> {
  while (read(job.machine, `${SERVER}/${name}`) === '') await job.wait(`K3s to write its ${name}`);
  await store(job, url, read(job.machine, `${SERVER}/${name}`), name);
}

/** The server token, if K3s has written it and the worker has sent the URLs. @returns what was tried to be stored; null if it was too early */
export async function offerToken(job: Job, url: string): Promise<string | null> {
  const token = read(job.machine, `${SERVER}/token`);
  if (job.sealed === null || !token.startsWith('K10')) return null;
  return isThere(await transfer(job, await job.url(url), { method: 'PUT', body: token })) ? token : '';
}

/** The admin's kubeconfig, with an address that people reach. */
export async function storeKubeconfig(job: Job): Promise<void> {
  const text = read(job.machine, `${ETC}/k3s.yaml`);
  if (text === '')
    job.fail('KubeconfigMissing', `${ETC}/k3s.yaml is not there`, 'K3s writes it when its API server is up');
  const address = job.param('API_ADDRESS');
  const host = address.includes(':') ? `[${address}]` : address;
  await store(
    job,
    'KUBECONFIG_PUT',
    text.replace('server: https://127.0.0.1:', `server: https://${host}:`),
    'kubeconfig',
  );
  job.say(`kubeconfig for https://${host}:6443 is stored`);
  job.result('address', address);
}
