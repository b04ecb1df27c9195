/** A mirror and a bucket on loopback: files to GET, and what was PUT. Like S3 it refuses a PUT without a Content-Length. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class TestServer {
  readonly files = new Map<string, string | Buffer>();
  readonly stored = new Map<string, string>();
  readonly requests: string[] = [];
  /** When files were stored, by path; S3 says it with each. */
  readonly modified = new Map<string, Date>();
  /** Statuses to answer first, by path. */
  readonly failures = new Map<string, number[]>();
  private readonly held = new Map<string, Promise<void>>();
  private readonly server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    this.requests.push(`${request.method} ${path}`);
    const failure = this.failures.get(path)?.shift();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void this.answer(request, response, path, Buffer.concat(chunks), failure));
  });

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    body: Buffer,
    failure: number | undefined,
  ): Promise<void> {
    await this.held.get(path);
    if (failure !== undefined) {
      response.writeHead(failure).end('<Error>no</Error>');
    } else if (request.method === 'PUT') {
      const hasLength = request.headers['content-length'] !== undefined;
      if (hasLength) this.stored.set(path, body.toString('utf8'));
      response.writeHead(hasLength ? 200 : 501).end();
    } else {
      const file = this.files.get(path);
      const modified = this.modified.get(path);
      if (modified !== undefined) response.setHeader('last-modified', modified.toUTCString());
      response.writeHead(file === undefined ? 404 : 200).end(file);
    }
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** Holds answers for a path back until the returned function is called. */
  hold(path: string): () => void {
    let release = () => {};
    this.held.set(path, new Promise((resolve) => (release = resolve)));
    return release;
  }

  /** A URL like a presigned one. */
  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}?X-Amz-Signature=5ec4e7`;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
