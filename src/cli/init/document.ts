import { stringify } from 'yaml';
import { TESTED_VERSION } from '../tested-version.js';

/** Answers for `init`. */
export interface Choices {
  name: string;
  region: string;
  mode: string;
  instanceType: string;
  version?: string | undefined;
  /** Null for the default VPC. */
  network: { vpcId: string; subnetIds: string[] } | null;
}

/** Path of the schema, from the folder of the document: `init` writes it there, so that an editor always finds it. */
export const SCHEMA_FILE = '.keelson/cluster.schema.json';

/** Returns a document with the settings that people change first, and comments on the others. [yaml-language-server: modeline] */
export function documentText({ name, region, mode, instanceType, version, network }: Choices): string {
  return `# yaml-language-server: $schema=${SCHEMA_FILE}
# All fields: docs/reference/cluster-document.md in Keelson's repository; editors with a YAML language server complete them.
apiVersion: keelson/v1
kind: Cluster
metadata:
  name: ${scalar(name)}
spec:
  region: ${scalar(region)}
  mode: ${scalar(mode)} # dev: one server; ha: three servers with embedded etcd
  servers:
    instanceType: ${scalar(instanceType)} # can be changed later, a node at a time
  pools: [] # agents
  #  - name: workers
  #    count: 2
  #    instanceType: t3.large
  k3s:
    version: ${scalar(version ?? TESTED_VERSION)}
${networkText(network)}  access:
    # Networks that may reach the Kubernetes API. Empty: only the nodes reach it.
    apiCidrs: []
  # backup: # snapshots of etcd in the bucket
  #   schedule: 0 3 * * *
  deletion:
    protect: false # true: keelson delete is refused
`;
}

/** Quoted if YAML would read it as another type. */
const scalar = (text: string): string => stringify(text).trimEnd();

function networkText(network: Choices['network']): string {
  if (network === null)
    return `  # network: # if absent: the default VPC and its subnets\n  #   vpcId: vpc-...\n  #   subnetIds: [subnet-...]\n`;
  const subnets = network.subnetIds.map((id) => `      - ${id}\n`).join('');
  return `  network:\n    vpcId: ${network.vpcId}\n    subnetIds:\n${subnets}`;
}
