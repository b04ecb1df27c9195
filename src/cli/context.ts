import { say } from './io.js';
import type { Session } from './session.js';

/**
 * Says on a terminal which installation is shown: two look alike otherwise. Scripts are not told.
 *
 * @param region of the cluster, where one is shown
 */
export function sayContext(session: Session, region?: string): void {
  const { io } = session;
  if (io.stderr.isTTY !== true) return;
  const { namespace, address, bucket } = session.context();
  const where = region === undefined ? '' : `, region ${region}`;
  say(io, `Temporal ${address}, namespace ${namespace}, bucket ${bucket ?? 'not set'}${where}`);
}
