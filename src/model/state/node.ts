/** State of a node besides its instance. */

/** Kinds of findings. A stopped or terminated instance is not one: EC2's word is a fact at once. */
export type FindingKind =
  /** Status checks of EC2. */
  | 'system-check'
  | 'instance-check'
  | 'volume-check'
  | 'agent'
  | 'service'
  | 'version'
  | 'ready'
  | 'voter'
  | 'readyz'
  | 'pressure'
  /** Labels and taints that the document sets. */
  | 'labels'
  /** Manifests on a server, its configuration, and the document's files. */
  | 'manifests'
  | 'config'
  | 'disk'
  | 'clock'
  | 'certificates'
  | 'database'
  /** It does not answer, although SSM calls its agent online. */
  | 'silent'
  /** Alarms of etcd. */
  | 'nospace'
  | 'corrupt';

/** A problem, confirmed or not, that may be over. */
export interface Finding {
  /** Its text at the last observation. */
  text: string;
  /** Whether it counts. */
  confirmed: boolean;
  /** Since when it counts or, while it does not, when it was first observed. */
  since: string;
  /** Since when observations contradict it; null while the last one agreed. */
  pendingSince: string | null;
  /** There is no earlier measurement: until this one counts, the contrary does not count either. */
  first?: true;
}

export type Findings = Record<string, Finding>;

/**
 * Respects in which a node is measured: its power, EC2's status checks, its SSM agent, its K3s service, its API server, its Node, and its
 * own report.
 */
export type Measurement = 'instance' | 'checks' | 'agent' | 'service' | 'api' | 'node' | 'facts';

/** Time of the last measurement, ISO 8601; missing for none since the start of the instance or its K3s. */
export type Measured = Partial<Record<Measurement, string>>;

/** Labels and taints of the document on a Node of Kubernetes. */
export interface NodeLabels {
  labels: Record<string, string>;
  /** `key=value:Effect`; the value may be empty. */
  taints: string[];
}

/** A bundle in the bucket, from which nodes take their files. */
export interface StoredFiles {
  /** SHA-256 of the bundle, which a node compares. */
  sha256: string;
  /** Fingerprint of the bundle's content. */
  of: string;
}
