import type { Env } from './environment.js';

/** Variables of the person's own environment that would lead away from the local stack. */
const MISLEADING = [
  ...[
    'TEMPORAL_API_KEY',
    'TEMPORAL_TLS',
    'TEMPORAL_TLS_CLIENT_CERT_PATH',
    'TEMPORAL_TLS_CLIENT_KEY_PATH',
    'TEMPORAL_PROFILE',
  ],
  ...['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_EC2', 'AWS_ENDPOINT_URL_SSM'],
  'AWS_ENDPOINT_URL_SQS',
  ...['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN'],
  ...[
    'KEELSON_TASK_QUEUE',
    'KEELSON_METRICS_ADDRESS',
    'KEELSON_HEALTH_FILE',
    'grpc_proxy',
    'http_proxy',
    'https_proxy',
  ],
] as const;

/** Returns a person's environment turned to the local stack. */
export function localEnvironment(
  env: Env,
  variables: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !MISLEADING.some((one) => one === name)));
  return { ...rest, ...variables };
}

/** Returns the text of `.keelson/local.env`, for `. .keelson/local.env` in any POSIX shell. */
export function localEnvFile(variables: Readonly<Record<string, string>>, pid: number): string {
  const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [
    '# The local stack that runs now; removed when it stops. Use: . .keelson/local.env',
    "# The key is a user's. Another worker needs the worker's: AWS_ACCESS_KEY_ID=local-worker AWS_SECRET_ACCESS_KEY=local-worker-secret npm run worker",
    `unset ${MISLEADING.join(' ')}`,
    ...lines,
    `export ${LOCAL_PID}=${pid}`,
    '',
  ].join('\n');
}

/** The process of the stack that a file tells of. */
export const LOCAL_PID = 'KEELSON_LOCAL_PID';

/** Returns the variables of a file that `localEnvFile` made; null when it has a line that `localEnvFile` does not write. */
export function readLocalEnvFile(text: string): Record<string, string> | null {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#') || line === `unset ${MISLEADING.join(' ')}`) continue;
    const match = /^export (\w+)=(?:'((?:[^']|'\\'')*)'|(\d+))$/.exec(line);
    if (match === null) return null;
    variables[match[1] ?? ''] = (match[2] ?? match[3] ?? '').replaceAll(`'\\''`, "'");
  }
  return variables;
}

const LOOPBACK = String.raw`(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])`;
const LOOPBACK_ADDRESS = new RegExp(`^${LOOPBACK}:\\d{1,5}$`);
/** Without a user name before the host: http://127.0.0.1@example.org leads to example.org. */
const LOOPBACK_URL = new RegExp(`^http://${LOOPBACK}:\\d{1,5}(?:/[\\w./?=&'-]*)?$`);

const REGION_NAME = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

/** Every variable that the local stack writes, with what its value looks like. */
const VALUES: Readonly<Record<string, RegExp>> = {
  TEMPORAL_ADDRESS: LOOPBACK_ADDRESS,
  TEMPORAL_NAMESPACE: /^default$/,
  AWS_ENDPOINT_URL: LOOPBACK_URL,
  AWS_REGION: REGION_NAME,
  AWS_DEFAULT_REGION: REGION_NAME,
  AWS_ACCESS_KEY_ID: /^local(?:-[a-z]+)?$/,
  AWS_SECRET_ACCESS_KEY: /^local(?:-[a-z]+)?-secret$/,
  AWS_EC2_METADATA_DISABLED: /^true$/,
  KEELSON_BUCKET: /^keelson-local$/,
  KEELSON_INSTALLATION: /^[0-9a-f-]{36}$/,
  KEELSON_INSTANCE_PROFILE: /^keelson-node$/,
  KEELSON_K3S_MIRROR: LOOPBACK_URL,
  KEELSON_EVENTS_QUEUE_URL: LOOPBACK_URL,
  KEELSON_DEAD_LETTERS_QUEUE_URL: LOOPBACK_URL,
  [LOCAL_PID]: /^[1-9]\d{0,9}$/,
};
/** Without them a command would go to the person's own Temporal or account. */
const REQUIRED = [
  'TEMPORAL_ADDRESS',
  'AWS_ENDPOINT_URL',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  LOCAL_PID,
] as const;

/** Returns what is in the variables that no local stack writes, for people; null when there is nothing. */
export function problemOf(variables: Readonly<Record<string, string>>): string | null {
  for (const [name, value] of Object.entries(variables)) {
    const pattern = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
    if (pattern === undefined) return `\`npm run local\` does not write the variable ${name}`;
    if (!pattern.test(value)) return `${name} is not a value of a local stack (only addresses on loopback are)`;
  }
  const missing = REQUIRED.find((name) => variables[name] === undefined);
  return missing === undefined ? null : `${missing} is missing`;
}
