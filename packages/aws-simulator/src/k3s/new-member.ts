import type { Machine } from '../machine/machine.js';
import type { Member } from './etcd.js';
import type { K3sPlane } from './plane.js';

/**
 * Returns a member of etcd as K3s names it: the node's name and eight characters by chance. [k3s source: pkg/etcd, setName]
 *
 * @param how whether it votes, runs, since when (ms since 1970), and by what its promotion loop ticks
 */
export const newMember = (
  plane: Pick<K3sPlane, 'newId'>,
  machine: Pick<Machine, 'id'>,
  config: { nodeName: string; nodeIp: string },
  how: Pick<Member, 'learner' | 'started' | 'since' | 'loop'>,
): Member => ({
  id: plane.newId(),
  name: `${config.nodeName}-${plane.newId().slice(0, 8)}`,
  nodeName: config.nodeName,
  instanceId: machine.id,
  peerIp: config.nodeIp,
  caughtUp: !how.learner,
  announced: false,
  ...how,
});
