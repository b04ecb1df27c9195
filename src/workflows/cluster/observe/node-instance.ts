import type { InstanceObservation } from '../../../model/observation.js';
import type { NodeInstance } from '../../../model/state.js';

/** Returns what the state keeps of an instance. */
export function nodeInstanceOf(view: InstanceObservation): NodeInstance {
  return {
    id: view.id,
    type: view.type,
    imageId: view.imageId,
    architecture: view.architecture,
    subnetId: view.subnetId,
    zone: view.zone,
    privateIp: view.privateIp,
    publicIp: view.publicIp,
    launchedAt: view.launchedAt,
    ...(view.unstoppable && { unstoppable: view.unstoppable }),
    power: view.state === 'stopped' || view.state === 'stopping' ? 'stopped' : 'running',
  };
}
