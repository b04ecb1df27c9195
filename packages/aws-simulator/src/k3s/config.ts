/** Reads a K3s command line and the configuration files beside it as K3s does: files first, the command line on top. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Machine } from '../machine/machine.js';
import { fatal } from './exit.js';
import { CRITICAL, flagProblem, knowsFlag } from './flags.js';

export type Role = 'server' | 'agent';
type Value = string | string[];

export interface K3sConfig {
  role: Role;
  nodeName: string;
  nodeIp: string;
  clusterInit: boolean;
  /** A server with `disable-agent` has no kubelet, so it is not a Node and runs no pod. [docs: cli/server] */
  /** Snapshots are in a bucket of K3s's own: a restore path is then a name in that bucket. [k3s #8727] */
  etcdS3: boolean;
  hasAgent: boolean;
  server: string | null;
  /** As given, by value or by file; null if neither. */
  token: string | null;
  agentToken: string | null;
  tlsSans: string[];
  labels: string[];
  taints: string[];
  /** Provider id of the kubelet; null if there is none. */
  providerId: string | null;
  /** The shared settings of servers, in one comparable text. */
  critical: Record<string, string>;
  warnings: string[];
}

/**
 * @param version of the starting K3s: each release has its own flags
 * @throws ServiceExit with K3s's own words if it would refuse to start
 */
export function readConfig(machine: Machine, exec: string[], version: string): K3sConfig {
  const role = exec[1];
  if (role !== 'server' && role !== 'agent') throw fatal(`No help topic for '${role ?? ''}'`);
  const warnings: string[] = [];
  const values = new Map<string, Value>();
  for (const file of configFiles(machine, optionOf(exec, 'config'))) {
    for (const [key, value] of Object.entries(readYaml(file))) {
      const appended = key.endsWith('+');
      const flag = appended ? key.slice(0, -1) : key;
      if (!knowsFlag(flag, role, version)) warnings.push(`Unknown flag --${flag} found in config.yaml, skipping`);
      else values.set(flag, appended ? [...list(values.get(flag)), ...list(toValue(value))] : toValue(value));
    }
  }
  for (const [flag, value] of commandLine(exec.slice(2))) values.set(flag, value);
  for (const [flag, value] of values) {
    const problem = flagProblem(flag, list(value), version);
    if (problem !== null) throw fatal(problem);
  }

  const text = (flag: string): string | null => list(values.get(flag)).at(-1) ?? null;
  const nodeIp = text('node-ip') ?? machine.instance.privateIp;
  return {
    role,
    nodeName: (text('node-name') ?? `ip-${machine.instance.privateIp.replaceAll('.', '-')}`).toLowerCase(),
    nodeIp,
    clusterInit: /^(1|t|true)$/i.test(text('cluster-init') ?? ''),
    etcdS3: /^(1|t|true)$/i.test(text('etcd-s3') ?? ''),
    hasAgent: !/^(1|t|true)$/i.test(text('disable-agent') ?? ''),
    server: text('server'),
    token: secret(machine, text('token'), text('token-file'), 'token'),
    agentToken: secret(machine, text('agent-token'), text('agent-token-file'), 'agent-token'),
    tlsSans: list(values.get('tls-san')).flatMap((san) => san.split(',')),
    labels: list(values.get('node-label')),
    taints: list(values.get('node-taint')),
    providerId:
      list(values.get('kubelet-arg'))
        .flatMap((arg) => /^(?:--)?provider-id=(.+)$/.exec(arg)?.[1] ?? [])
        .at(-1) ?? null,
    critical: Object.fromEntries(CRITICAL.map((flag) => [flag, [...list(values.get(flag))].sort().join(',')])),
    warnings,
  };
}

/** Returns the value of an option of the command line; `true` for a flag without one. */
export const optionOf = (exec: string[], flag: string): string | null =>
  list(commandLine(exec.slice(2)).get(flag)).at(-1) ?? null;

/** Another file has its own folder beside it. [docs: configuration] */
function configFiles(machine: Machine, named: string | null): string[] {
  const main = machine.path(named ?? '/etc/rancher/k3s/config.yaml');
  const dir = `${main}.d`;
  const more = existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
    : [];
  return [...(existsSync(main) ? [main] : []), ...more.map((name) => join(dir, name))];
}

function readYaml(file: string): Record<string, unknown> {
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'));
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw fatal(`failed to read config file ${file}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
  }
  throw fatal(`failed to read config file ${file}: yaml: unmarshal errors: cannot unmarshal into yaml.MapSlice`);
}

function toValue(value: unknown): Value {
  return Array.isArray(value) ? value.map(String) : String(value);
}

function list(value: Value | undefined): string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

function commandLine(args: string[]): Map<string, Value> {
  const values = new Map<string, Value>();
  for (let i = 0; i < args.length; i++) {
    const match = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(args[i] ?? '');
    if (!match?.[1]) continue;
    const next = args[i + 1];
    const value = match[2] ?? (next === undefined || next.startsWith('--') ? 'true' : (args[++i] ?? ''));
    const before = values.get(match[1]);
    values.set(match[1], before === undefined ? value : [...list(before), value]);
  }
  return values;
}

function secret(machine: Machine, value: string | null, file: string | null, flag: string): string | null {
  if (value !== null) return value;
  if (file === null) return null;
  try {
    return readFileSync(machine.path(file), 'utf8').trim();
  } catch {
    throw fatal(
      `starting kubernetes: preparing server: failed to read ${flag}-file: open ${file}: no such file or directory`,
    );
  }
}
