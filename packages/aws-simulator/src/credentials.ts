/** The key pairs that the simulator accepts. No secrets: they open nothing but a server on loopback. */
export type CallerName = 'admin' | 'worker' | 'user' | 'operator' | 'cleaner';

/** GUID of the stack that stands in the simulator's account: by deploy/aws the id of the installation. */
export const STACK_GUID = '6e9b0a4c-51d2-4f0e-9c3e-1b7a2d84f605';

export interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * `worker`, `user` and `cleaner` may do what the policies of deploy/aws/keelson.yaml allow them. `admin` may do everything: it is
 * for what a test prepares and looks into, never for what Keelson does.
 */
export const CREDENTIALS: Readonly<Record<CallerName, KeyPair>> = {
  admin: pair('local'),
  worker: pair('local-worker'),
  user: pair('local-user'),
  operator: pair('local-operator'),
  cleaner: pair('local-cleaner'),
};

function pair(name: string): KeyPair {
  return { accessKeyId: name, secretAccessKey: `${name}-secret` };
}
