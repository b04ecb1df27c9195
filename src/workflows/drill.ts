import { CancellationScope, getExternalWorkflowHandle, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import type { CallContext, FoundBackup } from '../activities/api.js';
import { countsIn, lacking } from '../model/drill/compare.js';
import { drillConfig } from '../model/drill/config.js';
import type { DrillMachine } from '../model/drill/launch.js';
import { DRILL_SLOT, type DrillReport } from '../model/drill/state.js';
import { emptySlot } from '../model/empty-slot.js';
import { workflowIdOf } from '../model/execution.js';
import { jobIdOf, nodeNameOf } from '../model/ids.js';
import { parseVersion } from '../model/k3s/version.js';
import type { InstanceObservation } from '../model/observation.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { Slot } from '../model/state.js';
import { now } from './cluster/context.js';
import { drilledSignal } from './cluster/messages.js';
import { launchMachine } from './drill-machine.js';
import { activities } from './lib/activities.js';
import { answerCallStack } from './lib/call-stack.js';
import { detailOf, errorRecordOf, failure } from './lib/errors.js';
import { jobFailure } from './lib/node-job.js';
import { elapse } from './lib/result-time.js';

/** Input of a drill, as its cluster was when the drill began: the drill asks the cluster's workflow nothing. */
export interface DrillInput {
  scope: CallContext;
  ref: string;
  generation: number;
  document: ClusterDocument;
  /** Null: the drill restores nothing, and removes what an earlier drill has left. */
  machine: DrillMachine | null;
  /** Why the drill restores nothing. */
  problem: DrillReport['problem'];
  /** SHA-256 and key of the bundle of files that servers get, or null. */
  files: { sha256: string; key: string } | null;
  registrationSeconds: number;
}

/** A database of 2 GiB on a small machine. */
const RESTORE_SECONDS = 1_200;
/** Keelson tries to remove something, e.g. a protected instance, for as long as it exists. */
const AGAIN_MS = 600_000;

/** Progress, for the report at the end. */
interface Progress {
  backup: FoundBackup | null;
  launchedAt: string | null;
  instanceType: string | null;
  objects: number;
}

/**
 * Restores the newest backup of a cluster on a machine that is launched for it and terminated afterwards, and reports the result to the
 * cluster. It is a workflow of its own, so that Keelson manages the cluster meanwhile, and a failed drill is not a failure of the cluster.
 * However it ends, it first removes what it has made. [docs/adr/0056]
 */
export async function drill(input: DrillInput): Promise<DrillReport> {
  answerCallStack(() => ['It waits for its steps on the machine of the drill: see Pending Activities.']);
  const startedAt = now();
  const progress: Progress = { backup: null, launchedAt: null, instanceType: null, objects: 0 };
  let { problem } = input;
  try {
    if (input.machine !== null) await proveBackup(input, input.machine, progress);
  } catch (error) {
    problem = problemOf(error);
  }
  return await CancellationScope.nonCancellable(async () => {
    await removeAll(input);
    const { backup, launchedAt, instanceType, objects } = progress;
    const report: DrillReport = {
      ...{ ref: input.ref, startedAt, endedAt: now(), backup: backup?.id ?? null, instanceType, objects, problem },
      machineSeconds: launchedAt === null ? 0 : Math.round((Date.now() - Date.parse(launchedAt)) / 1_000),
    };
    await tell(input, report);
    return report;
  });
}

async function proveBackup(input: DrillInput, machine: DrillMachine, progress: Progress): Promise<void> {
  const { scope, document } = input;
  const [backup] = await Promise.all([
    activities.findBackup('find the newest backup', { ...scope, id: null, source: null }),
    // For a drill whose workflow was terminated: there is one machine at most.
    activities.sweep('remove what an earlier drill has left', { ...scope, only: 'drill' }),
  ]);
  progress.backup = backup;
  checkVersion(document, backup);
  const { id, type, launchedAt } = await launchMachine(input, machine);
  progress.launchedAt = launchedAt;
  progress.instanceType = type;
  const instance = await activities.awaitInstance(`wait for the SSM agent of ${id}`, {
    ...scope,
    instanceId: id,
    until: 'agent-online',
    registrationSeconds: input.registrationSeconds,
  });
  const result = await restore(input, backup, instance);
  const found = countsIn(result);
  progress.objects = Object.values(found).reduce((sum, count) => sum + count, 0);
  const lost = lacking(backup.objectCounts, found);
  if (lost.length > 0)
    throw failure(
      'invalid',
      'BackupLacksObjects',
      `backup ${backup.id} was restored and has ${lost.join(', ')}`,
      'take another backup and drill again; if it comes again, compare both by keelson restore --into',
    );
}

async function restore(
  input: DrillInput,
  backup: FoundBackup,
  instance: InstanceObservation,
): Promise<Record<string, string>> {
  const { scope, ref, generation, document, files } = input;
  const slot = slotOf(input);
  const { k3s } = document.spec;
  const pin = k3s.sha256?.[instance.architecture];
  const config = drillConfig(document, slot.nodeName, instance);
  const get = (part: string) => ({ method: 'GET', key: `${backup.uid}/${backup.id}.${part}`, of: 'backups' }) as const;
  const [job] = await activities.runOnNodes(`restore backup ${backup.id}`, {
    ...scope,
    instanceIds: [instance.id],
    jobId: jobIdOf(scope.cluster, scope.uid, 'drill', DRILL_SLOT, generation),
    script: 'drill',
    params: {
      ROLE: 'server',
      NODE_NAME: slot.nodeName,
      CONFIG: config,
      CONFIG_HASH: ref,
      RESTORE_REF: `d${generation}`,
      MARKER: backup.marker,
      SHA256: backup.sha256,
      SIZE: String(backup.size),
      COMPRESSION: backup.compression,
      K3S_VERSION: k3s.version,
      K3S_MIRROR: k3s.mirror,
      ARCH: instance.architecture,
      ...(pin !== undefined && { K3S_SHA256: pin }),
      ...(files !== null && { FILES_SHA256: files.sha256 }),
    },
    presign: {
      SNAPSHOT_GET: get('snapshot'),
      TOKEN_GET: get('token'),
      AGENT_TOKEN_GET: get('agent-token'),
      ...(files !== null && { FILES_GET: { method: 'GET', key: files.key } as const }),
    },
    timeoutSeconds: RESTORE_SECONDS,
  });
  if (job === undefined)
    throw failure('unknown', 'JobResultMissing', `${DRILL_SLOT}: drill gave no result`, 'see the worker log');
  if (job.outcome !== 'done') throw jobFailure(slot, { script: 'drill' }, job);
  return job.result;
}

const slotOf = ({ scope, generation }: DrillInput): Slot =>
  emptySlot(
    { name: DRILL_SLOT, role: 'server', pool: null },
    generation,
    nodeNameOf(scope.cluster, DRILL_SLOT, generation),
  );

/** A restore in place would install the document's version, and no older version reads the data of a newer one. */
function checkVersion({ spec }: ClusterDocument, { id, k3s }: FoundBackup): void {
  const [saved, own] = [parseVersion(k3s), parseVersion(spec.k3s.version)];
  if (saved === null || own === null || saved.minor <= own.minor) return;
  throw failure(
    'invalid',
    'SnapshotTooNew',
    `backup ${id} is of K3s ${k3s}, and the document has ${spec.k3s.version}: an older minor version cannot restore it`,
    'take a backup with the version of the document: keelson backup --wait',
  );
}

/** Sweeps until two checks have found nothing. */
async function removeAll({ scope }: DrillInput): Promise<void> {
  for (;;) {
    try {
      await activities.sweep('terminate the machine, delete its security group, and see that nothing is left', {
        ...scope,
        only: 'drill',
      });
      return;
    } catch (error) {
      log.warn(`what the drill has made cannot be removed: ${detailOf(error)?.message ?? String(error)}`);
      await elapse(AGAIN_MS, { summary: 'the next try to remove what the drill has made' });
    }
  }
}

/** A deleted cluster cannot receive the report, and does not need it. */
async function tell({ scope }: DrillInput, report: DrillReport): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowIdOf(scope.cluster)).signal(drilledSignal, report);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(`${workflowIdOf(scope.cluster)} does not hear how its drill ended: ${String(error)}`);
  }
}

function problemOf(error: unknown): NonNullable<DrillReport['problem']> {
  if (isCancellation(error))
    return {
      code: 'DrillCancelled',
      message: `the drill was cancelled (${workflowInfo().workflowId})`,
      hint: 'nothing is left of it; drill again when it suits',
    };
  const { code, message, hint } = errorRecordOf(error, { id: 'drill', slot: null }, null, 1);
  return { code, message: message.split('\n')[0] ?? '', hint };
}
