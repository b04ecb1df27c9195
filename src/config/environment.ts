import * as z from 'zod';
import { isMirrorEntry } from '../mirror/policy.js';
import { isGroupEntry, isImageEntry, isVpcEntry } from '../model/trust/allowed.js';
import { INSTALLATION_ID } from '../model/trust/installation.js';
import { type PayloadKeys, readPayloadKeys } from '../temporal/codec.js';
import type { Env } from './env.js';
import { type OtlpProtocol, type OtlpSettings, otlpMetricsOf, otlpTracesOf } from './otlp.js';
import { readTemporal, type TemporalSettings } from './temporal.js';

export type { Env } from './env.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Environment of the CLI; the bucket is required only by the commands that need it. */
export interface ClientEnvironment {
  temporal: TemporalSettings;
  taskQueue: string;
  bucket: string | null;
  /** Id of the installation; null: the bucket's. */
  installation: string | null;
  /** As the worker's. */
  k3sMirror: string | null;
  /** As the worker's. */
  allowedMirrors: readonly string[] | null;
  /** As the worker's. */
  payloadKeys: PayloadKeys | null;
  /** SQS queue of the events that no worker could handle. */
  deadLettersQueueUrl: string | null;
}

/** Environment of the worker. */
export interface WorkerEnvironment {
  temporal: TemporalSettings;
  taskQueue: string;
  bucket: string;
  /** Id of the installation; null: the bucket's. */
  installation: string | null;
  /** Region of the bucket requests and of the account's questions; clusters name their own. */
  homeRegion: string;
  /** Instance profile for documents without one. */
  instanceProfile: string | null;
  logLevel: LogLevel;
  /** `host:port` that serves Prometheus metrics. */
  metricsAddress: string | null;
  /** OTLP collector for metrics, by the standard variables; null for none. */
  otlpMetrics: OtlpSettings | null;
  /** How to send traces to an OTLP collector, by the standard variables; null for none. */
  otlpTraces: OtlpProtocol | null;
  /** Metrics of the fleet as lines of CloudWatch's embedded metric format, on standard output. */
  metricsEmf: boolean;
  /** Receivers of notifications. */
  notify: {
    webhook: string | null;
    token: string | null;
    slack: string | null;
    snsTopic: string | null;
    eventBus: string | null;
  };
  /** File that the worker touches while it polls. */
  healthFile: string | null;
  /** Replaces the public K3s mirror in documents that leave the mirror at its default; for sites without internet. */
  k3sMirror: string | null;
  /** Mirrors that documents may name; null for any. */
  allowedMirrors: readonly string[] | null;
  /** Keys that encrypt what goes to the Temporal service; null for none. */
  payloadKeys: PayloadKeys | null;
  /** Images that documents may name; null for any. */
  allowedImages: readonly string[] | null;
  /** VPCs that nodes may be in; null for any. */
  allowedVpcs: readonly string[] | null;
  /** Security groups that documents may name; null for any. */
  allowedSecurityGroups: readonly string[] | null;
  /** SQS queue of EC2's and S3's events; without one only the region watch sees changes. */
  eventsQueueUrl: string | null;
  /** Largest single upload of a backup. */
  backupPartBytes: number | null;
}

/** The environment is not usable; `problems` lists everything that is wrong with it. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  constructor(readonly problems: readonly string[]) {
    super(
      `the environment has ${problems.length} problem(s):\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
  }
}

/** S3's own rules for names. [docs: S3 bucket naming rules] */
const bucket = z
  .string({ error: 'is not set (the name of the S3 bucket that holds clusters/<name>/...)' })
  .regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'is not a bucket name (3 to 63 lower-case letters, digits, dots, hyphens)',
  );
const taskQueue = z.string().min(1).max(200).default('keelson');
const url = z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' });

/** Separated by commas. */
const listOf = (isEntry: (text: string) => boolean, what: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((entries) => entries.every(isEntry), `is not a list of ${what}, separated by commas`);
const mirrors = listOf(isMirrorEntry, 'http(s) addresses');

const clientSchema = z.object({
  KEELSON_BUCKET: bucket.optional(),
  KEELSON_TASK_QUEUE: taskQueue,
  KEELSON_INSTALLATION: z
    .string()
    .regex(INSTALLATION_ID, 'is not an id (3 to 64 letters, digits, dots, hyphens, underscores)')
    .optional(),
  AWS_ENDPOINT_URL: url.optional(),
  KEELSON_K3S_MIRROR: url.optional(),
  KEELSON_ALLOWED_MIRRORS: mirrors.optional(),
  KEELSON_DEAD_LETTERS_QUEUE_URL: url.optional(),
  KEELSON_PAYLOAD_KEYS: z
    .string()
    .transform(readPayloadKeys)
    .refine((keys) => keys !== null, 'is not a list of <id>=<base64 of 32 bytes>, separated by commas')
    .optional(),
});

const workerSchema = clientSchema.extend({
  KEELSON_BUCKET: bucket,
  KEELSON_INSTANCE_PROFILE: z
    .string()
    .regex(/^[\w+=,.@:/-]{1,512}$/, 'is neither the name nor the ARN of an instance profile')
    .optional(),
  KEELSON_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `is not one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  KEELSON_METRICS_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}$/i, 'is not <host>:<port>, as in 0.0.0.0:9464')
    .optional(),
  KEELSON_METRICS_EMF: z.enum(['0', '1'], { error: 'is not 0 or 1' }).optional(),
  KEELSON_NOTIFY_WEBHOOK_URL: url.optional(),
  KEELSON_NOTIFY_WEBHOOK_TOKEN: z.string().optional(),
  KEELSON_NOTIFY_SLACK_URL: url.optional(),
  KEELSON_NOTIFY_SNS_TOPIC_ARN: z
    .string()
    .regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/, 'is not the ARN of an SNS topic')
    .optional(),
  KEELSON_NOTIFY_EVENT_BUS: z
    .string()
    .regex(/^arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:event-bus\/[\w./-]+$/, 'is not the ARN of an event bus')
    .optional(),
  KEELSON_HEALTH_FILE: z.string().optional(),
  KEELSON_ALLOWED_IMAGES: listOf(isImageEntry, 'image ids and names of SSM parameters').optional(),
  KEELSON_ALLOWED_VPCS: listOf(isVpcEntry, 'VPC ids').optional(),
  KEELSON_ALLOWED_SECURITY_GROUPS: listOf(isGroupEntry, 'ids of security groups').optional(),
  KEELSON_EVENTS_QUEUE_URL: url.optional(),
  KEELSON_BACKUP_PART_BYTES: z.coerce
    .number({ error: 'is not a number of bytes' })
    .int('is not a whole number of bytes')
    .min(1, 'is not a number of bytes')
    .max(5_368_709_120, 'is more than S3 takes in one upload (5368709120)')
    .optional(),
});

/**
 * Reads the environment of the CLI.
 *
 * @throws EnvironmentError with every problem
 */
export function readClientEnvironment(env: Env): ClientEnvironment {
  const problems: string[] = [];
  const temporal = temporalOf(env, problems);
  const read = parse(clientSchema, env, problems);
  if (temporal === null || read === null) throw new EnvironmentError(problems);
  return {
    temporal,
    taskQueue: read.KEELSON_TASK_QUEUE,
    bucket: read.KEELSON_BUCKET ?? null,
    installation: read.KEELSON_INSTALLATION ?? null,
    k3sMirror: read.KEELSON_K3S_MIRROR ?? null,
    allowedMirrors: read.KEELSON_ALLOWED_MIRRORS ?? null,
    payloadKeys: read.KEELSON_PAYLOAD_KEYS ?? null,
    deadLettersQueueUrl: read.KEELSON_DEAD_LETTERS_QUEUE_URL ?? null,
  };
}

/**
 * Reads the environment of the worker, once, at its start.
 *
 * @param regionOf source of the AWS region when the environment names none: the SDK's configuration files
 * @throws EnvironmentError with every problem
 */
export async function readWorkerEnvironment(env: Env, regionOf = regionOfSdk): Promise<WorkerEnvironment> {
  const problems: string[] = [];
  const temporal = temporalOf(env, problems);
  const read = parse(workerSchema, env, problems);
  const homeRegion = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || (await regionOf());
  if (!homeRegion) problems.push('AWS_REGION: is not set (the region of the bucket, or a region in the AWS profile)');
  if (temporal === null || read === null || !homeRegion) throw new EnvironmentError(problems);
  return {
    temporal,
    homeRegion,
    taskQueue: read.KEELSON_TASK_QUEUE,
    bucket: read.KEELSON_BUCKET,
    installation: read.KEELSON_INSTALLATION ?? null,
    instanceProfile: read.KEELSON_INSTANCE_PROFILE ?? null,
    logLevel: read.KEELSON_LOG_LEVEL,
    metricsAddress: read.KEELSON_METRICS_ADDRESS ?? null,
    otlpMetrics: otlpMetricsOf(env),
    otlpTraces: otlpTracesOf(env),
    metricsEmf: read.KEELSON_METRICS_EMF === '1',
    notify: {
      webhook: read.KEELSON_NOTIFY_WEBHOOK_URL ?? null,
      token: read.KEELSON_NOTIFY_WEBHOOK_TOKEN ?? null,
      slack: read.KEELSON_NOTIFY_SLACK_URL ?? null,
      snsTopic: read.KEELSON_NOTIFY_SNS_TOPIC_ARN ?? null,
      eventBus: read.KEELSON_NOTIFY_EVENT_BUS ?? null,
    },
    healthFile: read.KEELSON_HEALTH_FILE ?? null,
    k3sMirror: read.KEELSON_K3S_MIRROR ?? null,
    allowedMirrors: read.KEELSON_ALLOWED_MIRRORS ?? null,
    payloadKeys: read.KEELSON_PAYLOAD_KEYS ?? null,
    allowedImages: read.KEELSON_ALLOWED_IMAGES ?? null,
    allowedVpcs: read.KEELSON_ALLOWED_VPCS ?? null,
    allowedSecurityGroups: read.KEELSON_ALLOWED_SECURITY_GROUPS ?? null,
    eventsQueueUrl: read.KEELSON_EVENTS_QUEUE_URL ?? null,
    backupPartBytes: read.KEELSON_BACKUP_PART_BYTES ?? null,
  };
}

/** Returns the region of the AWS profile in use, as the SDK finds it; undefined when there is none. */
export async function regionOfSdk(): Promise<string | undefined> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({});
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

function temporalOf(env: Env, problems: string[]): TemporalSettings | null {
  try {
    return readTemporal(env);
  } catch (error) {
    problems.push(`TEMPORAL_*: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** An empty variable counts as not set, as in shells and compose files. */
function parse<T extends z.ZodType>(schema: T, env: Env, problems: string[]): z.output<T> | null {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  for (const issue of read.error.issues) problems.push(`${issue.path.join('.')}: ${issue.message}`);
  return null;
}
