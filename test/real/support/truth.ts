/** What Kubernetes and etcd themselves say, asked on a host past Keelson, past SSM and past the region. */
import { callHost } from '../../../packages/aws-simulator/src/hosts/command.js';

export interface NodeTruth {
  name: string;
  ready: boolean;
  voter: boolean;
  version: string;
  schedulable: boolean;
}

export interface MemberTruth {
  /** The address of its host. */
  address: string;
  learner: boolean;
}

interface NodeJson {
  metadata: { name: string };
  spec: { unschedulable?: boolean };
  status: { conditions: { type: string; status: string }[]; nodeInfo: { kubeletVersion: string } };
}

const TLS = '/var/lib/rancher/k3s/server/tls/etcd';

export class Truth {
  constructor(private readonly command: string) {}

  /** Runs a script on a host. @throws Error with its output when it fails */
  async on(id: string, script: string, seconds = 60): Promise<string> {
    const ran = await callHost(this.command, ['exec', id, '--timeout', String(seconds)], script, KEEP).finished;
    if (ran.exitCode !== 0)
      throw new Error(`${id}: exit code ${ran.exitCode} of: ${script}\n${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  }

  kubectl(id: string, args: string): Promise<string> {
    return this.on(id, `k3s kubectl --request-timeout=20s ${args}\n`);
  }

  /** By name, as the API server of a host has them. */
  async nodes(id: string): Promise<NodeTruth[]> {
    const { items } = JSON.parse(await this.kubectl(id, 'get nodes -o json')) as { items: NodeJson[] };
    return items
      .map(({ metadata, spec, status }) => {
        const holds = (type: string) => status.conditions.some((one) => one.type === type && one.status === 'True');
        return {
          name: metadata.name,
          ready: holds('Ready'),
          voter: holds('EtcdIsVoter'),
          version: status.nodeInfo.kubeletVersion,
          schedulable: spec.unschedulable !== true,
        };
      })
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The members of etcd as etcd has them, by address. [etcd: gRPC gateway, member/list] */
  async members(id: string): Promise<MemberTruth[]> {
    const certificates = `--cacert ${TLS}/server-ca.crt --cert ${TLS}/client.crt --key ${TLS}/client.key`;
    const url = 'https://127.0.0.1:2379/v3/cluster/member/list';
    const told = await this.on(
      id,
      `curl -fsS --max-time 20 ${certificates} -X POST -d '{"linearizable":true}' ${url}\n`,
    );
    const { members } = JSON.parse(told) as { members: { peerURLs: string[]; isLearner?: boolean }[] };
    return members
      .map(({ peerURLs, isLearner }) => ({
        address: new URL(peerURLs[0] ?? '').hostname,
        learner: isLearner ?? false,
      }))
      .sort((a, b) => a.address.localeCompare(b.address));
  }
}

/** The JSON of nodes is long. */
const KEEP = { stdout: 2_000_000, stderr: 20_000 };
