import { type Document, isMap, isScalar, isSeq } from 'yaml';
import { visible } from '../model/invisible.js';
import { nearest } from '../model/spec/nearest.js';
import { duplicateKeys } from './keys.js';

const TOP = ['mirrors', 'configs', 'auths'];
const OF_MIRROR = ['endpoint', 'rewrite'];

/**
 * Returns what K3s could not read in a registries.yaml, or would ignore; null for a good one. [k3s source: rancher/wharfie, pkg/registries]
 */
export function registriesProblem(document: Document): string | null {
  const { contents } = document;
  if (contents === null) return null;
  if (!isMap(contents)) return 'is not a mapping with mirrors and configs';
  for (const { key } of contents.items) {
    const name = textOf(key);
    if (TOP.includes(name)) continue;
    const meant = nearest(name, TOP);
    return `has ${short(name)}, which K3s does not read${meant === null ? '' : `: did you mean ${meant}?`}`;
  }
  // Go's parser refuses them. [yaml.v3: "mapping key already defined"]
  const [twice] = duplicateKeys(document, 1);
  if (twice !== undefined) return `has the key ${short(String(twice.path.at(-1)))} twice`;
  return mirrorsProblem(contents.get('mirrors')) ?? configsProblem(contents.get('configs'));
}

function mirrorsProblem(mirrors: unknown): string | null {
  if (mirrors === undefined || mirrors === null || (isScalar(mirrors) && mirrors.value === null)) return null;
  if (!isMap(mirrors)) return 'has mirrors that are not a mapping of registries';
  for (const { key, value } of mirrors.items) {
    const registry = short(textOf(key));
    if (isUrl(textOf(key))) return `has the mirror ${registry}, which no image is pulled from: K3s wants a host`;
    if (value === null || (isScalar(value) && value.value === null)) continue;
    if (!isMap(value)) return `has the mirror ${registry} without endpoint`;
    const wrong = value.items.map((item) => textOf(item.key)).find((name) => !OF_MIRROR.includes(name));
    if (wrong !== undefined) return `has ${short(wrong)} in the mirror ${registry}: endpoint and rewrite are known`;
    const endpoint = value.get('endpoint');
    if (endpoint === undefined) continue;
    if (!isSeq(endpoint)) return `has an endpoint of the mirror ${registry} that is not a list`;
    const odd = endpoint.items.map(textOf).find((one) => !/^(https?:\/\/)?[^\s/:]+(:\d{1,5})?(\/\S*)?$/.test(one));
    if (odd !== undefined)
      return `has the endpoint ${short(odd)} of the mirror ${registry}, which is not an http(s) address`;
    const rewrite = value.get('rewrite');
    const broken = isMap(rewrite) ? rewrite.items.map((item) => textOf(item.key)).find((one) => !isPattern(one)) : null;
    if (broken != null) return `has the rewrite ${short(broken)} of the mirror ${registry}, which is not a pattern`;
  }
  return null;
}

const OF_CONFIG = ['auth', 'tls'];
const OF_AUTH = ['username', 'password', 'auth', 'identity_token'];
const OF_TLS = ['ca_file', 'cert_file', 'key_file', 'insecure_skip_verify'];

function configsProblem(configs: unknown): string | null {
  if (configs === undefined || configs === null || (isScalar(configs) && configs.value === null)) return null;
  if (!isMap(configs)) return 'has configs that are not a mapping of registries';
  for (const { key, value } of configs.items) {
    const registry = short(textOf(key));
    if (isUrl(textOf(key))) return `has configs of ${registry}, which K3s never asks for: it wants a host`;
    if (!isMap(value)) continue;
    for (const [name, known] of [['auth', OF_AUTH] as const, ['tls', OF_TLS] as const]) {
      const wrong = keysOf(value.get(name)).find((one) => !known.includes(one));
      if (wrong !== undefined) return `has ${short(wrong)} in ${name} of ${registry}: ${known.join(', ')} are known`;
    }
    const other = keysOf(value).find((one) => !OF_CONFIG.includes(one));
    if (other !== undefined) return `has ${short(other)} in configs of ${registry}: auth and tls are known`;
    const tls = value.get('tls');
    const relative = ['ca_file', 'cert_file', 'key_file'].find(
      (name) => isMap(tls) && !/^(\/|$)/.test(String(tls.get(name) ?? '')),
    );
    if (relative !== undefined) return `has a ${relative} of ${registry} that is not an absolute path`;
  }
  return null;
}

const keysOf = (node: unknown): string[] => (isMap(node) ? node.items.map(({ key }) => textOf(key)) : []);

const isUrl = (text: string): boolean => /^[a-z]+:\/\//i.test(text);

/** Go's patterns have groups that others do not know; what has one is left to K3s. [Go: regexp/syntax] */
function isPattern(text: string): boolean {
  if (/\(\?|\\[AzpPQC]|\[\[:/.test(text)) return true;
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const textOf = (node: unknown): string => (isScalar(node) ? String(node.value) : '');

const short = (text: string): string => JSON.stringify(visible(text.slice(0, 60)));
