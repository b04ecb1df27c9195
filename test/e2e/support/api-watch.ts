import { Agent, request } from 'node:https';
import { parse } from 'yaml';

/** What a kubeconfig holds that a client needs. */
interface Kubeconfig {
  clusters: { cluster: { 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

export interface ApiWatch {
  /** So far. */
  seen(): ApiAnswers;
  /** Ends it. Throws when it never had an answer. */
  stop(): Promise<ApiAnswers>;
}

export interface ApiAnswers {
  answers: number;
  failures: number;
  /** Between two answers that followed each other, in milliseconds. */
  longestGapMs: number;
}

const EVERY_MS = 200;
/** A server that says nothing for so long is left for the next. */
const PATIENCE_MS = 500;

/**
 * Asks a cluster's API server for its nodes every 200 ms, as people do through their kubeconfig: over TLS, with the client's
 * certificate, at any server that answers.
 *
 * @param addresses the servers' addresses of now; they change with a stop and start
 */
export function watchApi(kubeconfig: string, addresses: () => Promise<string[]>): ApiWatch {
  const agent = agentOf(kubeconfig);
  const seen: ApiAnswers = { answers: 0, failures: 0, longestGapMs: 0 };
  let last: number | null = null;
  let ended = false;
  let best = '';
  const look = async (): Promise<void> => {
    const all = await addresses();
    for (const host of [...all.filter((one) => one === best), ...all.filter((one) => one !== best)]) {
      if (!(await answers(agent, host))) continue;
      best = host;
      const now = performance.now();
      if (last !== null) seen.longestGapMs = Math.max(seen.longestGapMs, now - last);
      last = now;
      seen.answers += 1;
      return;
    }
    seen.failures += 1;
  };
  const running = (async () => {
    while (!ended) {
      const next = performance.now() + EVERY_MS;
      await look();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
  })();
  return {
    seen: () => ({ ...seen }),
    async stop() {
      ended = true;
      await running;
      agent.destroy();
      if (last === null) throw new Error('the API server never answered');
      return seen;
    },
  };
}

/** Whether the server at this address lets the holder of the kubeconfig list nodes, and is trusted by it. */
export async function opensApi(kubeconfig: string, host: string): Promise<boolean> {
  const agent = agentOf(kubeconfig);
  try {
    return await answers(agent, host);
  } finally {
    agent.destroy();
  }
}

function agentOf(kubeconfig: string): Agent {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const decode = (text = ''): Buffer => Buffer.from(text, 'base64');
  return new Agent({
    ca: decode(clusters[0]?.cluster['certificate-authority-data']),
    cert: decode(users[0]?.user['client-certificate-data']),
    key: decode(users[0]?.user['client-key-data']),
  });
}

function answers(agent: Agent, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host, port: 6443, path: '/api/v1/nodes', agent, timeout: PATIENCE_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
