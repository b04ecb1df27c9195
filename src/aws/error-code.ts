/**
 * Reads an error of the AWS SDK. Service errors carry the code as `name`; network errors carry Node's `code` (ECONNREFUSED) on themselves
 * or on a cause; an answer of another kind has `Unknown...` names.
 */

/** Returns the code by which an error is classified: AWS's own, else Node's, else its name. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Unexpected';
  const network = networkCodeOf(error);
  if (network !== undefined) return network;
  if (UNREADABLE.test(error.message)) return 'UnreadableAnswer';
  const { Code: code } = error as { Code?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return error.name === 'Error' || error.name === '' ? 'Unexpected' : error.name;
}

/** The SDK's words about an answer that is neither XML nor JSON: a proxy's page, or a gateway's. */
const UNREADABLE = /Deserialization error/;

/** HTTP status of the answer, if there was one. */
export function httpStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(codeOf(error));
}

/** AWS's own words, on one line. Presigned URLs never get this far: the worker makes them and does not call them. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // The encoded part is 1 KB for a tool, and an activity's failure may be 4 KiB in all.
  return text
    .replace(/Encoded authorization failure message: \S+/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function networkCodeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return code;
  // Both addresses of a name refused: Node wraps the two errors in one.
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors) && errors[0] instanceof Error) return networkCodeOf(errors[0]);
  return error.cause instanceof Error ? networkCodeOf(error.cause) : undefined;
}
