/** `kubectl get|create|patch|delete configmap`, with kubectl's own texts. */
import { type CommandReply, reply } from '../../machine/systemctl.js';
import { type ConfigMap, type ConfigMaps, configMapObject } from '../config-maps.js';
import { printTable } from './columns.js';
import { goTemplate } from './go-template.js';
import { jsonPath } from './json-path.js';

type Flags = ReadonlyMap<string, string>;

export const isConfigMap = (kind: string): boolean => /^(configmaps?|cm)$/.test(kind);

const absent = (name: string): string => `Error from server (NotFound): configmaps "${name}" not found\n`;
const namespaceOf = (flags: Flags): string => flags.get('n') ?? flags.get('namespace') ?? 'default';
const isEverywhere = (flags: Flags): boolean => flags.get('A') === 'true' || flags.get('all-namespaces') === 'true';

export function getConfigMaps(maps: ConfigMaps, names: string[], flags: Flags): CommandReply {
  const all = maps.list(isEverywhere(flags) ? null : namespaceOf(flags));
  const missing = names.find((name) => !all.some((one) => one.name === name));
  if (missing !== undefined) return flags.get('ignore-not-found') === 'true' ? reply(0) : reply(1, '', absent(missing));
  const found = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const [only] = found;
  const single = names.length === 1 && only !== undefined ? configMapObject(only) : null;
  return print(found, single ?? { apiVersion: 'v1', kind: 'List', items: found.map(configMapObject) }, flags);
}

function print(found: ConfigMap[], object: object, flags: Flags): CommandReply {
  const [, format = '', spec = ''] = /^([^=]*)=?(.*)$/s.exec(flags.get('output') ?? '') ?? [];
  try {
    switch (format) {
      case 'json':
        return reply(0, `${JSON.stringify(object, null, 4)}\n`);
      case 'name':
        return reply(0, found.map(({ name }) => `configmap/${name}\n`).join(''));
      case 'go-template':
        return reply(0, goTemplate(spec, object));
      case 'jsonpath':
        return reply(0, jsonPath(spec, object).map(String).join(' '));
      default: {
        if (found.length === 0) return reply(0, '', 'No resources found\n');
        const rows = found.map(({ name, data }) => [name, String(Object.keys(data).length)]);
        return reply(0, printTable(flags.get('no-headers') === 'true' ? rows : [['NAME', 'DATA'], ...rows]));
      }
    }
  } catch (error) {
    return reply(1, '', `error: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

export function createConfigMap(maps: ConfigMaps, [name = '']: string[], flags: Flags): CommandReply {
  const namespace = namespaceOf(flags);
  if (maps.get(namespace, name) !== undefined)
    return reply(1, '', `error: failed to create configmap: configmaps "${name}" already exists\n`);
  const literal = flags.get('from-literal');
  const at = literal?.indexOf('=') ?? -1;
  if (literal !== undefined && at < 1)
    return reply(1, '', `error: invalid literal source ${literal}, expected key=value\n`);
  maps.put(namespace, name, literal === undefined ? {} : { [literal.slice(0, at)]: literal.slice(at + 1) });
  return reply(0, `configmap/${name} created\n`);
}

/** Returns a merge patch of `data`. [RFC 7386] */
export function patchConfigMap(maps: ConfigMaps, [name = '']: string[], flags: Flags): CommandReply {
  const namespace = namespaceOf(flags);
  if (maps.get(namespace, name) === undefined) return reply(1, '', absent(name));
  try {
    const { data = {} } = JSON.parse(flags.get('p') ?? flags.get('patch') ?? '{}') as {
      data?: Record<string, string | null>;
    };
    maps.put(namespace, name, data);
    return reply(0, `configmap/${name} patched\n`);
  } catch {
    return reply(1, '', 'error: unable to parse the patch: it is not JSON\n');
  }
}

export function deleteConfigMaps(maps: ConfigMaps, names: string[], flags: Flags): CommandReply {
  const namespace = namespaceOf(flags);
  const missing = names.find((name) => maps.get(namespace, name) === undefined);
  if (missing !== undefined && flags.get('ignore-not-found') !== 'true') return reply(1, '', absent(missing));
  const gone = names.filter((name) => maps.delete(namespace, name));
  return reply(0, gone.map((name) => `configmap "${name}" deleted\n`).join(''));
}
