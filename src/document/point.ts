import { type Document, parseAllDocuments } from 'yaml';
import type { Violation } from '../model/spec/violation.js';
import { offsetOf } from './locate.js';
import { type Problem, positionsIn } from './problem.js';

/**
 * Returns the place in a valid document at which another check finds a problem, e.g. the K3s mirror.
 *
 * @param text as `readDocument` has accepted it
 * @param file name to show; it is not opened
 */
export function pointTo(text: string, file: string, violation: Violation): Problem {
  const documents: Document[] = [...parseAllDocuments(text, { logLevel: 'error' })];
  const document = documents.find((one) => one.contents !== null) ?? documents[0];
  const offset = document === undefined ? 0 : offsetOf(document, violation.path);
  return { file, ...positionsIn(text)(offset), ...violation };
}
