/**
 * One set of workers with their bucket. Two installations may share an account, a region and names of clusters: each finds only what carries
 * its own id.
 */
export interface Installation {
  /** Value of the tag `keelson:installation` of everything that Keelson makes. Not a secret. */
  id: string;
  /** Makes and checks the seals in ClientTokens. A secret of the workers. */
  key: Uint8Array;
}

/** Keys in the bucket, made once by the first worker. */
export const INSTALLATION_KEY = { id: 'installation.json', seal: 'installation-key' } as const;

/** CloudFormation gives the GUID of its stack, a worker makes a UUID; other names are fine. */
export const INSTALLATION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$/;
