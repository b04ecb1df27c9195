import { type CallerName, CREDENTIALS, STACK_GUID } from '../../aws-simulator/src/credentials.js';

/** What the local stack's worker allows of mirrors: its region's own, one beside real hosts, and public ones. */
export const LOCAL_MIRRORS = ['http://127.0.0.1:*', 'http://10.77.0.1:*', 'https://*'].join(',');

const REGION = 'eu-west-1';

/** Returns where the parts of the local stack find each other; what `.keelson/local.env` exports. */
export function localVariables(addresses: {
  temporal: string;
  region: string;
  /** Without one, the person's own setting or the public mirror. */
  k3sMirror?: string;
  /** Without one, changes are seen by the region watch alone. */
  eventsQueue?: string;
  deadLettersQueue?: string;
}): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: addresses.temporal,
    TEMPORAL_NAMESPACE: 'default',
    AWS_ENDPOINT_URL: addresses.region,
    AWS_REGION: REGION,
    // Version 1 of the AWS CLI reads this one alone. [docs: AWS CLI, environment variables]
    AWS_DEFAULT_REGION: REGION,
    ...keyVariables('user'),
    AWS_EC2_METADATA_DISABLED: 'true',
    KEELSON_BUCKET: 'keelson-local',
    KEELSON_INSTALLATION: STACK_GUID,
    KEELSON_INSTANCE_PROFILE: 'keelson-node',
    ...(addresses.k3sMirror !== undefined && { KEELSON_K3S_MIRROR: addresses.k3sMirror }),
    ...(addresses.eventsQueue !== undefined && { KEELSON_EVENTS_QUEUE_URL: addresses.eventsQueue }),
    ...(addresses.deadLettersQueue !== undefined && { KEELSON_DEAD_LETTERS_QUEUE_URL: addresses.deadLettersQueue }),
  };
}

/** Returns the variables by which the AWS SDK calls as one of the stack's roles. */
export function keyVariables(caller: CallerName): Record<string, string> {
  const { accessKeyId, secretAccessKey } = CREDENTIALS[caller];
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
}
