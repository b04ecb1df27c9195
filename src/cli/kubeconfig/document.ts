import { Document, isMap, isScalar, isSeq, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { CliError, EXIT } from '../exit.js';
import type { Access } from './stored.js';

/** kubectl reads YAML 1.1, in which a plain `no`, `on`, `y` or `1_000` is not a string. [go-yaml; field case 13] */
export function quoted(value: string): Scalar {
  const scalar = new Scalar(value);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** Fields of a cluster's and a user's entry that Keelson owns. Everything else in them is the person's. */
export const clusterFields = ({ server, ca }: Access): Record<string, string> => ({
  'certificate-authority-data': ca,
  server,
});
export const userFields = ({ clientCertificate, clientKey }: Access): Record<string, string> => ({
  'client-certificate-data': clientCertificate,
  'client-key-data': clientKey,
});

/** Returns a kubeconfig of one cluster, in which cluster, user and context have its name. */
export function freshKubeconfig(name: string, access: Access): Document {
  const strings = (fields: Record<string, string>): Record<string, Scalar> =>
    Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, quoted(value)]));
  return new Document({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: quoted(name), cluster: strings(clusterFields(access)) }],
    users: [{ name: quoted(name), user: strings(userFields(access)) }],
    contexts: [{ name: quoted(name), context: strings({ cluster: name, user: name }) }],
    'current-context': quoted(name),
  });
}

export const textOf = (document: Document, source = ''): string =>
  document.toString({ lineWidth: 0, indentSeq: !/^(?:clusters|contexts|users):[^\S\n]*\n- /m.test(source) });

/** Returns the entry of a list that has the name, or null. @throws CliError `invalid` when there are several: kubectl refuses these too */
export function entryOf(list: YAMLSeq | null, name: string): YAMLMap | null {
  const found = (list?.items ?? []).filter((one): one is YAMLMap => isMap(one) && stringIn(one, 'name') === name);
  if (found.length > 1)
    throw new CliError(
      EXIT.invalid,
      `the file has ${found.length} entries named ${name} in one list`,
      'remove all but one',
    );
  return found[0] ?? null;
}

export function listIn(document: Document, key: string): YAMLSeq | null {
  const value: unknown = document.get(key, true);
  return isSeq(value) ? value : null;
}

export function stringIn(map: YAMLMap, key: string): string | null {
  const value: unknown = map.get(key, true);
  return isScalar(value) && typeof value.value === 'string' ? value.value : null;
}
