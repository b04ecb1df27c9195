import { AttachVolumeCommand, type EC2Client, type Volume } from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import type { ActivityContext } from '../attempt.js';
import { retryTransient } from '../retry-transient.js';
import { listVolumes } from './find.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** The termination of its last instance, which Keelson has awaited, frees a volume. */
const IN_USE_PATIENCE_MS = 300_000;
/** Just after CreateVolume EC2 may not list it. [docs: EC2 eventual consistency] */
const UNKNOWN_PATIENCE_MS = 180_000;

interface Attachment {
  id: string;
  instanceId: string;
  device: string;
  slot: string;
}

/**
 * Attaches the volume to the instance and waits until EC2 says so. It never detaches: it waits for a volume that another instance holds,
 * and then reports it. A volume attached after the launch outlives its instance. [docs: EC2 AttachVolume; DeleteOnTermination]
 */
export async function attach(ec2: EC2Client, attempt: ActivityContext, attachment: Attachment): Promise<void> {
  const { id, instanceId, device } = attachment;
  const look = retryTransient(attempt, `DescribeVolumes ${id}`);
  const started = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    const [volume] = await look(() => listVolumes(ec2, [{ Name: 'volume-id', Values: [id] }]));
    const waited = performance.now() - started;
    const [held] = volume?.Attachments ?? [];
    if (held?.InstanceId === instanceId && held.State === 'attached') return;
    if (volume === undefined && waited > UNKNOWN_PATIENCE_MS) throw unusable(attachment, 'unknown to EC2');
    if (volume?.State === 'error' || volume?.State === 'deleting' || volume?.State === 'deleted')
      throw unusable(attachment, volume.State);
    if (held !== undefined && held.InstanceId !== instanceId && waited > IN_USE_PATIENCE_MS)
      throw inUse(attachment, held.InstanceId ?? 'another instance');
    attempt.heartbeat({ volumeId: id, state: stateOf(volume) });
    attempt.tell(waitTold(attachment, volume, attempt));
    if (volume?.State === 'available') await send(ec2, { id, instanceId, device });
    await attempt.sleep(pause);
  }
}

/** Asks EC2 once; the next round notices that EC2 is not ready yet, or that another call came first. */
async function send(ec2: EC2Client, { id, instanceId, device }: Omit<Attachment, 'slot'>): Promise<void> {
  try {
    await ec2.send(new AttachVolumeCommand({ VolumeId: id, InstanceId: instanceId, Device: device }));
  } catch (error) {
    if (!hasCode(error, 'VolumeInUse', 'IncorrectState', 'IncorrectInstanceState', 'InvalidVolume.NotFound'))
      throw toFailure(error, `AttachVolume ${id} to ${instanceId} as ${device}`);
  }
}

const stateOf = (volume: Volume | undefined): string => volume?.Attachments?.[0]?.State ?? volume?.State ?? 'unknown';

function waitTold({ id, instanceId, slot }: Attachment, volume: Volume | undefined, { since }: ActivityContext) {
  const holder = volume?.Attachments?.[0]?.InstanceId;
  const where = holder === undefined || holder === instanceId ? '' : ` to ${holder}`;
  return {
    code: 'VolumeNotAttached',
    class: 'not-found-yet' as const,
    message: `${slot}: the volume ${id} is ${stateOf(volume)}${where} and not attached to ${instanceId} yet`,
    hint: '',
    failures: 0,
    since: new Date(since).toISOString(),
    nextAt: null,
  };
}

function inUse({ id, instanceId, slot }: Attachment, holder: string) {
  return failure({
    code: 'VolumeInUse',
    class: 'conflict',
    message: `${slot}: the volume ${id} is attached to ${holder} and not to ${instanceId}`,
    hint: `detach it from ${holder} when nothing writes to it any more; Keelson does not, for data could be lost`,
    nonRetryable: true,
  });
}

function unusable({ id, slot }: Attachment, state: string) {
  return failure({
    code: 'VolumeUnusable',
    class: 'conflict',
    message: `${slot}: the volume ${id} is ${state}`,
    hint: 'see the volume in EC2; once it is deleted, the slot gets an empty one',
    nonRetryable: true,
  });
}
