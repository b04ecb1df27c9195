/** `get` and `delete` of the resources that manifests have made. */
import { readFileSync } from 'node:fs';
import { type CommandReply, reply } from '../../machine/systemctl.js';
import { objectKey, objectsIn } from '../manifests.js';
import type { KubectlContext } from './context.js';

/** `addons.k3s.cattle.io/x`, `helmcharts`, `ds`: the kind in small letters and singular. */
const SHORT: Readonly<Record<string, string>> = {
  ds: 'daemonset',
  deploy: 'deployment',
  ns: 'namespace',
  cm: 'configmap',
};

function kindOf(word: string): string {
  const [name = ''] = word.toLowerCase().split('.');
  return SHORT[name] ?? name.replace(/s$/, '');
}

/** `get KIND -A -o name` and `-o json`; null for a kind that was never applied. */
export function getObjects(context: KubectlContext, kind: string, output: string): CommandReply | null {
  context.cluster.applyManifests();
  const found = context.cluster.objects.all().filter((one) => one.kind.toLowerCase() === kindOf(kind));
  if (found.length === 0) return null;
  if (output === 'json')
    return reply(0, `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: found }, null, 4)}\n`);
  return reply(0, found.map((one) => `${one.kind.toLowerCase()}/${one.metadata.name}\n`).join(''));
}

/** `delete -f FILE` and `delete addons.k3s.cattle.io/NAME`. */
export function deleteObjects(
  context: KubectlContext,
  words: readonly string[],
  flags: ReadonlyMap<string, string>,
): CommandReply {
  const { objects } = context.cluster;
  const lenient = flags.get('ignore-not-found') === 'true';
  const file = flags.get('f') ?? flags.get('filename');
  if (file === undefined) {
    const name = /^addons\.k3s\.cattle\.io\/(.+)$/.exec(words[0] ?? '')?.[1] ?? '';
    if (objects.addOns.delete(name)) return reply(0, `addon.k3s.cattle.io "${name}" deleted\n`);
    return lenient ? reply(0, '') : reply(1, '', `Error from server (NotFound): addons "${name}" not found\n`);
  }
  let found: ReturnType<typeof objectsIn>;
  try {
    found = objectsIn(readFileSync(file, 'utf8'));
  } catch {
    return reply(1, '', `error: the path "${file}" does not exist\n`);
  }
  if (found === null) return reply(1, '', `error: error parsing ${file}: error converting YAML to JSON\n`);
  let told = '';
  for (const object of found) {
    const name = `${object.kind.toLowerCase()} "${object.metadata.name}"`;
    if (objects.delete(objectKey(object))) told += `${name} deleted\n`;
    else if (!lenient) return reply(1, told, `Error from server (NotFound): ${name} not found\n`);
  }
  return reply(0, told);
}
