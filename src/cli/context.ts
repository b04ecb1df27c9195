import type { StatusView } from '../model/status.js';
import { say } from './io.js';
import type { Session } from './session.js';

/**
 * Says on a terminal which installation is shown: two installations look alike otherwise. Scripts do not get it.
 *
 * @param shown the cluster, if one is shown
 */
export function sayContext(session: Session, shown?: Pick<StatusView, 'region' | 'account'>): void {
  const { io } = session;
  if (io.stderr.isTTY !== true) return;
  const { namespace, address, bucket } = session.context();
  const account = shown?.account == null ? '' : `, account ${shown.account}`;
  const where = shown === undefined ? '' : `, region ${shown.region}${account}`;
  const line = `Temporal ${address}, namespace ${namespace}, bucket ${bucket ?? 'not set'}${where}`;
  say(io, line);
}
