import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import { type PayloadKeys, payloadCodecs } from './codec.js';

const SAY = 'globalThis.keelsonEncryptsFailures = true;';

/**
 * Returns the encryption of a worker with keys: all payloads, and messages and stacks of failures. Temporal then shows "Encoded failure" in
 * their place.
 *
 * @param bundle path of the bundle of workflows
 * @param converter path of failures.cjs
 */
export function encryption(
  keys: PayloadKeys | null,
  bundle: URL,
  converter: URL,
): Required<Pick<WorkerOptions, 'workflowBundle'>> & { dataConverter: DataConverter } {
  const codePath = fileURLToPath(bundle);
  if (keys === null) return { workflowBundle: { codePath }, dataConverter: {} };
  (globalThis as { keelsonEncryptsFailures?: boolean }).keelsonEncryptsFailures = true;
  return {
    // On the first line, because the bundle's source map counts lines.
    workflowBundle: { code: `${SAY}${readFileSync(codePath, 'utf8')}` },
    dataConverter: { payloadCodecs: payloadCodecs(keys), failureConverterPath: fileURLToPath(converter) },
  };
}
