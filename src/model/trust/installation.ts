/**
 * One set of workers with their bucket. Two installations may share an account, a region and names of clusters: each finds only what carries
 * its own id.
 */
export interface Installation {
  /** In the tag `keelson:installation` of everything that is made. Not a secret. */
  id: string;
  /** Makes and checks the seals in ClientTokens. A secret of the workers. */
  key: Uint8Array;
}

/** Keys in the bucket, made once by the first worker. */
export const INSTALLATION_KEY = { id: 'installation.json', seal: 'installation-key' } as const;

/** CloudFormation gives the GUID of its stack, a worker makes a UUID; other names are as good. */
export const INSTALLATION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$/;
