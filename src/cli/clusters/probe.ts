import { connect } from 'node:net';

/** What refuses at once; gRPC itself would go on trying until its deadline. */
const AT_ONCE: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
};

/**
 * Whether no one listens at an address.
 *
 * @param address `host:port`
 * @returns why it cannot be reached, or null when it can, or when that is not known within a second
 */
export function refusalOf(address: string): Promise<string | null> {
  const { host, port } = split(address);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (answer: string | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(null));
    socket.once('error', (error: NodeJS.ErrnoException) => end(AT_ONCE[codeOf(error)] ?? null));
  });
}

function split(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = colon < 0 ? address : address.slice(0, colon);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(colon < 0 ? 7233 : address.slice(colon + 1)) };
}

/** Of a name with several addresses, each refusal is in a list. */
function codeOf(error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }): string {
  return error.code ?? error.errors?.[0]?.code ?? '';
}
