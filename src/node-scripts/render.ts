/**
 * Renders texts for nodes: an SSM command, and user data. Pure functions of the scripts in this folder.
 *
 * A command is for `sh`, which hands over to bash. Every variable part is quoted, and here-documents end with a word that their text does
 * not contain, so any value arrives as it is.
 */
import { gzipSync } from 'node:zlib';
import {
  defaultLock,
  foundingText,
  healthProbeText,
  isNodeScript,
  prefetchText,
  runnerText,
  scriptText,
} from './scripts.js';
import { assignments, checkName, hereDocument } from './shell.js';

export { type JobOutcome, type JobOutput, parseJobOutput } from './output.js';

export interface CommandInput {
  /** Names the job's folder on the node; the same id never runs twice. Letters, digits, `.`, `_`, `-`; at most 100. */
  jobId: string;
  /** Jobs of one lock run one after the other on a node. Empty: in parallel with all others. The script's own by default. */
  lock?: string;
  /** Name of a script of this folder, without its ending. */
  script: string;
  /** Variables of the script. No secrets: they stay on the node's disk with the script. */
  params: Record<string, string>;
  /** Names of the presigned URLs that the script uses. */
  urls?: readonly string[];
  /** The URLs, sealed to the key of the command's node. Without them a job that wants URLs starts and reports the key of its node. */
  sealed?: string;
  timeoutSeconds: number;
  /** Seconds between TERM and KILL at the time-out. */
  graceSeconds?: number;
}

export interface UserDataInput {
  version: string;
  mirror: string;
  architecture: 'amd64' | 'arm64';
  sha256?: string;
}

/** The first server of a new cluster, as it is known before its launch. */
export interface FoundingInput extends UserDataInput {
  nodeName: string;
  /** Its config.yaml, with placeholders for what only the instance knows. */
  config: string;
  /** Names the configuration. */
  key: string;
}

/** EC2's limit on user data, before base64. [docs: EC2 instance user data] */
const MAX_USER_DATA = 16_384;

/**
 * Returns the text of an AWS-RunShellScript command that runs the script as a job, or attaches to it. Throws on a request that cannot be
 * sent.
 */
export function renderCommand({ script, params, ...job }: CommandInput): string {
  if (!isNodeScript(script)) throw new Error(`there is no node script "${script}"`);
  for (const name of Object.keys(params)) checkName(name);
  const { urls = [] } = job;
  for (const name of urls) checkName(name);
  const names = urls.length === 0 ? {} : { URLS: urls.join(' ') };
  const lock = defaultLock(script, params['NODE_NAME']);
  return renderJob({ lock, ...job }, assignments({ ...params, ...names }) + scriptText(script));
}

/** Returns the same for any text that begins like a script, with the helpers that make it a job. */
export function renderJob(job: Omit<CommandInput, 'script' | 'params'>, text: string): string {
  const { jobId, lock = 'node', urls = [], sealed, timeoutSeconds, graceSeconds = 10 } = job;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(jobId)) throw new Error(`"${jobId}" cannot be a job's id`);
  if (!/^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$/.test(lock)) throw new Error(`"${lock}" cannot be a lock's name`);
  for (const seconds of [timeoutSeconds, graceSeconds]) {
    if (!Number.isInteger(seconds) || seconds < 1) throw new Error(`${seconds} is not a whole number of seconds`);
  }
  const variables = {
    JOB_ID: jobId,
    JOB_LOCK: lock,
    JOB_TIMEOUT: `${timeoutSeconds}`,
    JOB_GRACE: `${graceSeconds}`,
    JOB_URLS: urls.length === 0 ? 'none' : sealed === undefined ? 'wanted' : 'sealed',
  };
  const runner = [
    assignments(variables),
    runnerText(),
    `job_script() {\n${hereDocument('cat', text)}}\n`,
    `job_sealed() {\n${hereDocument('cat', sealed ?? '')}}\n`,
    // The runner itself is read from standard input, which nothing that it starts may read from.
    'run_job </dev/null\nexit $?\n',
  ].join('');
  return `#!/bin/sh\n# Keelson: job ${jobId}\n${withoutBash(jobId)}${hereDocument('exec bash -s', runner)}`;
}

/** Returns the report of a job on an image without bash: the runner, which writes reports, needs bash. */
const withoutBash = (jobId: string): string =>
  `command -v bash >/dev/null 2>&1 || { printf 'keelson-job id=%s outcome=failed exit=127\\nkeelson-result\\ncode=ToolMissing\\nkeelson-log\\nerror: this image lacks: bash (use an image with bash, curl, openssl, systemd and the SSM agent)\\n' '${jobId}'; exit 1; }\n`;

/** Returns user data that makes the node's key and fetches K3s while the SSM agent registers. */
export function renderUserData(input: UserDataInput): string {
  const text = `#!/bin/bash\n# Keelson: fetches K3s ${input.version}\n${assignments(release(input))}${prefetchText()}`;
  const size = Buffer.byteLength(text);
  if (size > MAX_USER_DATA) throw new Error(`user data has ${size} bytes, EC2 takes ${MAX_USER_DATA}`);
  return text;
}

/**
 * Returns user data that does the same, and founds the cluster: compressed, in base64, as RunInstances takes it. cloud-init reads user data that is
 * one gzip file. [docs: cloud-init, user-data formats]
 *
 * @returns null where it does not fit: then the first job founds the cluster
 */
export function renderFounding({ nodeName, config, key, ...input }: FoundingInput): string | null {
  const params = { ...release(input), ROLE: 'server', NODE_NAME: nodeName, FOUNDING: key, CONFIG: config };
  const text = `#!/bin/bash\n# Keelson: founds a cluster with K3s ${input.version}\n${assignments(params)}${foundingText()}`;
  const packed = gzipSync(text, { level: 9 });
  return packed.length > MAX_USER_DATA ? null : packed.toString('base64');
}

const release = ({ version, mirror, architecture, sha256 }: UserDataInput): Record<string, string> => ({
  K3S_VERSION: version,
  K3S_MIRROR: mirror,
  ARCH: architecture,
  ...(sha256 === undefined ? {} : { K3S_SHA256: sha256 }),
});

/** Returns the text of a command that asks a server whether its K3s is healthy. It is not a job, because it changes nothing. */
export const renderHealthProbe = (): string =>
  `#!/bin/sh\n# Keelson: is K3s well?\n${hereDocument('exec bash -s', healthProbeText())}`;
