/**
 * K3s's deploy controller: the leader applies the files in server/manifests, each one again when its bytes have changed, and deletes what a
 * file no longer contains. It deletes nothing when a file goes. The simulator runs it at each question about its resources, instead of
 * every 15 seconds. [k3s source: pkg/deploy/controller.go; docs: packaged components]
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [key: string]: unknown;
}

/** `DaemonSet/kube-system/cilium`; kubectl's plural or with a group is the same kind. */
export const objectKey = ({ kind, metadata }: KubeObject): string =>
  `${kind.toLowerCase()}/${metadata.namespace ?? 'default'}/${metadata.name}`;

interface AddOn {
  checksum: string;
  keys: string[];
}

export class Objects {
  private readonly byKey = new Map<string, KubeObject>();
  /** By name of the file without its ending. */
  readonly addOns = new Map<string, AddOn>();

  all(): KubeObject[] {
    return [...this.byKey.values()];
  }

  /** The applied content of the leader's folder. */
  apply(folder: string): void {
    for (const file of filesIn(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      const name = file.replace(/\.ya?ml$/, '');
      const checksum = createHash('sha256').update(text).digest('hex');
      const before = this.addOns.get(name);
      if (before?.checksum === checksum) continue;
      const objects = objectsIn(text);
      // K3s tries an unreadable file again, and applies nothing of it.
      if (objects === null) continue;
      const keys = objects.map(objectKey);
      for (const key of before?.keys ?? []) if (!keys.includes(key)) this.byKey.delete(key);
      for (const object of objects) this.byKey.set(objectKey(object), object);
      this.addOns.set(name, { checksum, keys });
    }
  }

  /** @returns whether it existed */
  delete(key: string): boolean {
    return this.byKey.delete(key);
  }

  /** Returns whether one of them configures the pods' network on every node. */
  get hasCni(): boolean {
    return this.all().some(isCni);
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** Resources of a manifest, those of lists too; null where it is not one. */
export function objectsIn(text: string): KubeObject[] | null {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.some((one) => one.errors.length > 0)) return null;
  const values = documents.map((one) => one.toJS() as unknown).filter((value) => value !== null);
  const objects = values.flatMap((value): unknown[] => (isList(value) ? value.items : [value]));
  return objects.every(isObject) ? objects : null;
}

const isList = (value: unknown): value is { items: unknown[] } =>
  typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);

function isObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('metadata' in value)) return false;
  const { kind, metadata } = value;
  return typeof kind === 'string' && typeof metadata === 'object' && metadata !== null && 'name' in metadata;
}

/** Charts that are CNIs. */
const CHARTS = /(^|\/)(cilium|tigera-operator|calico|antrea|kube-ovn|canal)$/;
/** Where containerd of K3s looks for a network. [k3s source: pkg/agent/containerd; docs: custom CNI] */
const FOLDERS = /^\/(etc|var\/lib\/rancher\/k3s\/agent\/etc)\/cni\/net\.d\/?$/;

function isCni({ kind, spec }: KubeObject): boolean {
  if (kind === 'HelmChart') return CHARTS.test(textAt(spec, 'chart'));
  if (kind !== 'DaemonSet') return false;
  const volumes = at(spec, 'template', 'spec', 'volumes');
  return Array.isArray(volumes) && volumes.some((volume) => FOLDERS.test(textAt(volume, 'hostPath', 'path')));
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (holder, key) =>
      typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[key] : undefined,
    value,
  );
}

function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}
