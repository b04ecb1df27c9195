/**
 * The API server of one simulated K3s server, for the real kubectl: TLS on the instance's public address, port 6443, with the
 * cluster's own certificates. Linux only, where every address of 127.0.0.0/8 can be listened at.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ClusterCa } from '../ca.js';
import type { KubeCluster } from '../cluster.js';
import type { K3sConfig } from '../config.js';
import { info, type ServiceContext, warn } from '../service-context.js';
import { answer } from './routes.js';

const PORT = 6443;

export class ApiListener {
  private server: Server | null = null;
  private https: HttpsServer | null = null;

  constructor(private readonly context: ServiceContext) {}

  /** `available` is called for each request: an API server without etcd's quorum answers 503. */
  async open(cluster: KubeCluster, ca: ClusterCa, config: K3sConfig, available: () => boolean): Promise<void> {
    const { machine, version } = this.context;
    const host = machine.instance.publicIp;
    if (process.platform !== 'linux' || host === null || !host.startsWith('127.')) return;
    const startedAt = Date.now();
    const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const client = clientOf(request.socket);
      const url = new URL(request.url ?? '/', 'https://localhost');
      const accept = request.headers.accept ?? '';
      const method = request.method ?? 'GET';
      const isAdmin = client?.groups.includes('system:masters') === true && available();
      const signed = isAdmin
        ? await cluster.signingRequests.answer(method, url.pathname, await bodyOf(request), client.user, ca)
        : null;
      const reply =
        signed ??
        answer({
          cluster,
          serverCa: ca.serverCa,
          version,
          client,
          available: available(),
          failingChecks: machine.troubles.failingChecks,
          method,
          url,
          accept,
        });
      response.writeHead(reply.status, { 'content-type': reply.type }).end(reply.body);
    };
    // TLS begins with the first connection: of a thousand clusters hardly one is asked from outside, and each certificate and context costs as much as
    // ten calls of AWS. The certificate is as old as the service.
    const secured = (): HttpsServer => {
      const { key, cert } = ca.issueServer(names(config), startedAt);
      const https = createHttpsServer({ key, cert, ca: ca.clientCa, requestCert: true, rejectUnauthorized: false });
      https.on('request', (request, response) => {
        serve(request, response).catch(() => response.destroy());
      });
      return https;
    };
    const server = createServer((socket) => {
      this.https ??= secured();
      this.https.emit('connection', socket);
    });
    this.server = server;
    await new Promise<void>((resolve) => {
      server.once('error', (error) => {
        warn(this.context, `API not reachable from outside: ${error.message}`);
        this.server = null;
        resolve();
      });
      server.listen(PORT, host, resolve);
    });
    info(this.context, `Serving the API at https://${host}:${PORT}`);
  }

  close(): void {
    this.server?.close();
    this.https?.closeAllConnections();
    this.server = null;
    this.https = null;
  }
}

/** The user of a certificate is its CN, the groups are its O. */
function clientOf(socket: object): { user: string; groups: string[] } | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const { CN: user = '', O: groups } = socket.getPeerCertificate().subject as { CN?: string; O?: string | string[] };
  return { user, groups: groups === undefined ? [] : [groups].flat() };
}

const MOST_BYTES = 64 * 1024;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const bytes: Buffer[] = [];
  for await (const chunk of request) bytes.push(chunk as Buffer);
  const body = Buffer.concat(bytes);
  try {
    return body.length > MOST_BYTES ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    return {};
  }
}

/** Returns K3s's own names for its certificate, and tls-san. The public address is not among them: K3s doesn't know it. */
function names(config: K3sConfig): string[] {
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return ['127.0.0.1', '::1', 'localhost', '10.43.0.1', ...service, config.nodeIp, config.nodeName, ...config.tlsSans];
}
