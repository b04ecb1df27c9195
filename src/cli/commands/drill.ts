import type { StatusView } from '../../model/status.js';
import { CliError, EXIT } from '../exit.js';
import type { Session } from '../session.js';
import { drillText } from '../views/drill.js';
import type { WaitResult } from '../wait/goal.js';
import { type RequestOptions, request } from './requests.js';

/**
 * `keelson drill NAME`: restores the newest backup on a separate machine; with --wait until the machine is gone and the result is known.
 */
export async function drill(session: Session, name: string, options: RequestOptions): Promise<void> {
  await request(session, 'drill', name, { ...options, judge: judgeDrill, text: drillText });
}

/**
 * Returns whether the drill has ended. It is not an operation: the cluster continues meanwhile.
 *
 * @param ref of the request; null to wait for a drill that was under way already
 */
export function judgeDrill({ name, drill }: StatusView, ref: string | null): WaitResult {
  const { asked, running, last } = drill;
  const isOurs = last !== null && (ref === null || last.ref === ref);
  if (asked || running !== null || !isOurs) return { kind: 'waiting' };
  if (last.problem === null) return { kind: 'reached' };
  const { code, message, hint } = last.problem;
  return {
    kind: 'failed',
    error: new CliError(EXIT.failed, `the drill of ${name} failed: ${code}: ${message}`, hint),
  };
}
