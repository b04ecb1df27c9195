import { connect } from 'node:net';

/** Errors that come at once; gRPC itself would retry until its deadline. */
const AT_ONCE: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
};

/**
 * Checks whether anything listens at an address.
 *
 * @param address `host:port`
 * @returns why it cannot be reached, or null when it can, or when there is no result within a second
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

/** A name with several addresses has a list of refusals. */
function codeOf(error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }): string {
  return error.code ?? error.errors?.[0]?.code ?? '';
}
