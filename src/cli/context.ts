import type { StatusView } from '../model/status.js';
import { say } from './io.js';
import type { Session } from './session.js';

/**
 * Says on a terminal which installation is shown: two look alike otherwise. Scripts are not told.
 *
 * @param shown the cluster, where one is shown
 */
export function sayContext(session: Session, shown?: Pick<StatusView, 'region' | 'account'>): void {
  const { io } = session;
  if (io.stderr.isTTY !== true) return;
  const { namespace, address, bucket } = session.context();
  const account = shown?.account == null ? '' : `, account ${shown.account}`;
  const where = shown === undefined ? '' : `, region ${shown.region}${account}`;
  say(io, `Temporal ${address}, namespace ${namespace}, bucket ${bucket ?? 'not set'}${where}`);
}
