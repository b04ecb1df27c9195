import type { ProvidedVolume } from '../../../activities/api.js';
import { slotIn, slotsOf } from '../../../model/ids.js';
import type { Step } from '../../../model/plan/index.js';
import type { DataVolumeRequest, KeptDataVolume } from '../../../model/volumes/requests.js';
import { volumesOf } from '../../../model/volumes/wanted.js';
import { activities } from '../../lib/activities.js';
import { runJob } from '../../lib/node-job.js';
import { type Cluster, callContext, emit, slotOf, stepLabel } from '../context.js';

const MOUNT_TIMEOUT_SECONDS = 600;

/** Attaches the data volumes of a new instance and mounts them, before K3s starts on it. */
export async function provideVolumes(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const wanted = slotIn(cluster.state.document, slot.name);
  if (slot.instance === null || wanted === undefined) return;
  const volumes = volumesOf(slot, wanted);
  const { instance, name, generation } = slot;
  // This step may end at any point: tags and seal, or the ClientToken, find what it has made.
  const provided = await activities.provideDataVolumes(
    `${name}: attach ${volumes.map((one) => one.name).join(', ')}${stepLabel(cluster, name)}`,
    {
      ...callContext(cluster),
      instanceId: instance.id,
      slot: name,
      generation,
      volumes,
      known: cluster.state.dataVolumes?.[name] ?? {},
      tags: cluster.state.document.spec.tags,
    },
  );
  record(cluster, name, volumes, provided);
  const lines = volumes.flatMap((volume) => lineOf(cluster, name, volume, provided));
  await runJob(cluster, slot, {
    script: 'mount-volumes',
    summary: `mount ${volumes.map((one) => one.name).join(', ')}`,
    params: { ROLE: slot.role, VOLUMES: lines.join('\n') },
    timeoutSeconds: MOUNT_TIMEOUT_SECONDS,
  });
  slot.volumesReady = true;
  markUsed(cluster, name, volumes);
}

/** Asks EC2 once for the volumes of an earlier workflow of the cluster: they bind their slots to their zones. */
export async function knowDataVolumes(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  if (state.dataVolumes !== undefined) return;
  if (!slotsOf(state.document).some(({ volumes }) => volumes.some(({ keep }) => keep))) return;
  const found = await activities.findDataVolumes('find data volumes that are kept', callContext(cluster));
  const known: Record<string, Record<string, KeptDataVolume>> = {};
  for (const { slot, name, id, zone } of found)
    if (known[slot]?.[name] === undefined) known[slot] = { ...known[slot], [name]: { id, zone } };
  // Launches run side by side, and another one may have asked meanwhile.
  state.dataVolumes ??= known;
}

function record(cluster: Cluster, slot: string, volumes: DataVolumeRequest[], provided: ProvidedVolume[]): void {
  const { state } = cluster;
  for (const { name, id, zone, origin } of provided) {
    if (!volumes.some((one) => one.name === name && one.keep)) continue;
    const before = state.dataVolumes?.[slot];
    const known = before?.[name];
    const kept: KeptDataVolume = known?.id === id ? known : { id, zone };
    state.dataVolumes = { ...state.dataVolumes, [slot]: { ...before, [name]: kept } };
    if (origin === 'made') emit(cluster, 'Normal', 'VolumeMade', `${slot}: ${id} is the volume ${name}, in ${zone}`);
    if (origin === 'kept')
      emit(cluster, 'Normal', 'VolumeAttached', `${slot}: the kept volume ${id} (${name}) is attached with its data`);
    if (origin === 'lost')
      emit(
        cluster,
        'Warning',
        'VolumeLost',
        `${slot}: EC2 does not know the kept volume ${known?.id ?? '?'} (${name}) any more; ${id} takes its place and is empty`,
      );
  }
}

/** Returns one line of the script's input; spaces separate, and no field contains any. */
function lineOf(cluster: Cluster, slot: string, volume: DataVolumeRequest, provided: ProvidedVolume[]): string[] {
  const { name, device, filesystem, mountPath } = volume;
  const id = provided.find((one) => one.name === name)?.id;
  if (id === undefined) return [];
  const used = cluster.state.dataVolumes?.[slot]?.[name]?.used === true ? 'used' : 'new';
  return [[name, id, device, mountPath === null ? '-' : filesystem, mountPath ?? '-', used].join(' ')];
}

/** From now on a kept volume without a file system counts as lost, and Keelson does not format it. */
function markUsed(cluster: Cluster, slot: string, volumes: DataVolumeRequest[]): void {
  const { state } = cluster;
  for (const { name, mountPath } of volumes) {
    const kept = state.dataVolumes?.[slot]?.[name];
    if (kept === undefined || mountPath === null) continue;
    state.dataVolumes = {
      ...state.dataVolumes,
      [slot]: { ...state.dataVolumes?.[slot], [name]: { ...kept, used: true } },
    };
  }
}
