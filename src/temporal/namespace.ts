import type { Client } from '@temporalio/client';

/**
 * Asks the Temporal server for its own id of the client's namespace, once; names alone do not distinguish two servers.
 *
 * @returns a function that asks again only after a failure
 */
export function namespaceIdOf({ connection, options: { namespace } }: Client): () => Promise<string> {
  let known: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    return namespaceInfo?.id ?? '';
  };
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
