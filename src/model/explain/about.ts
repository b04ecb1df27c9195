/** What is known of the cluster and of the failure that a hint is about. */
export interface About {
  cluster: string;
  region: string;
  /** 12 digits; null for the worker's own account. */
  account: string | null;
  code: string;
  /** The failure's or the condition's whole text; ids, actions and roles are read from it. */
  message: string;
  /** Slots that it is about. */
  slots: readonly string[];
  /** Instances behind these slots. */
  instanceIds: readonly string[];
  /** Names in Kubernetes of the nodes behind these slots. */
  nodeNames: readonly string[];
  /** Slot of a server, a Ready one if there is one: agents have no access to the API. */
  server: string | null;
  /** The general hint of the code or condition. */
  hint: string;
}

/** Returns a hint about this very cluster; null where the message does not say enough. */
export type Specific = (about: About) => string | null;

/** `eu-west-1`, or `eu-west-1 of the account 123456789012`. */
export const placeOf = ({ region, account }: About): string =>
  account === null ? region : `${region} of the account ${account}`;

/** Makes the entries of several codes with the same hint. */
export function alike(specific: Specific, ...codes: string[]): Record<string, Specific> {
  return Object.fromEntries(codes.map((code) => [code, specific]));
}

/** Returns what the text names, each once. */
export const unique = (text: string, pattern: RegExp): string[] => [...new Set(text.match(pattern) ?? [])];

export const SUBNET = /\bsubnet-[0-9a-z]+\b/g;
export const VOLUME = /\bvol-[0-9a-z]+\b/g;
export const GROUP = /\bsg-[0-9a-z]+\b/g;
export const INSTANCE = /\bi-[0-9a-f]{8,17}\b/g;

/** Returns the instances that it is about: those of its slots, else those that the message names. */
export const instancesOf = ({ instanceIds, message }: About): string[] =>
  instanceIds.length > 0 ? [...instanceIds] : unique(message, INSTANCE);
