import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AesCodec } from '../../temporal/codec.js';
import { codecServer } from '../../temporal/codec-server.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import type { Session } from '../session.js';

/** The Web UI of `temporal server start-dev` and of docker-compose.yml. */
const LOCAL_PAGES = [
  'http://127.0.0.1:8233',
  'http://localhost:8233',
  'http://127.0.0.1:8080',
  'http://localhost:8080',
];

export interface CodecServerOptions {
  port: number;
  allowOrigin?: string[];
}

/** `keelson codec-server`: decrypts for this person's browser and `temporal` command until Ctrl-C. */
export async function serveCodec(session: Session, { port, allowOrigin }: CodecServerOptions): Promise<void> {
  const keys = session.payloadKeys();
  if (keys === null)
    throw new CliError(
      EXIT.invalid,
      'KEELSON_PAYLOAD_KEYS is not set: nothing is encrypted with a key of yours',
      'set it as the workers have it',
    );
  const secret = randomBytes(16).toString('hex');
  const server = codecServer({ codec: new AesCodec(keys), secret, origins: allowOrigin ?? LOCAL_PAGES });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.invalid, `port ${port} cannot be opened: ${reason}`, 'name a free port with --port');
  }
  const { port: open } = server.address() as AddressInfo;
  session.io.stdout.write(`http://127.0.0.1:${open}/${secret}\n`);
  say(
    session.io,
    'decrypts for this machine until Ctrl-C. Web UI: the glasses at the top right take this URL. Command: temporal workflow query --codec-endpoint URL',
  );
  const { signal } = session.io;
  if (!signal.aborted) await once(signal, 'abort');
  server.close();
  server.closeAllConnections();
}
