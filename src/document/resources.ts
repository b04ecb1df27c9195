import { type Document, isMap } from 'yaml';
import { visible } from '../model/invisible.js';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Returns why the API would refuse a resource of a manifest, as far as that is certain for every kind; null for a good one. K3s logs the refusal
 * every 15 seconds, and no one looks there. [k8s source: apimachinery, ValidateObjectMeta and NameIsDNSSubdomain]
 */
export function resourceProblem(document: Document): string | null {
  if (document.contents === null) return null;
  const [kind, version] = [document.get('kind'), document.get('apiVersion')];
  if (typeof kind !== 'string' || kind.endsWith('List')) return null;
  const shown = visible(kind.slice(0, 60));
  // Kinds are found by their exact name.
  if (!/^[A-Z][A-Za-z0-9]*$/.test(kind)) return `has the kind ${JSON.stringify(shown)}, and kinds begin with a capital`;
  return nameProblem(document, shown, String(version)) ?? chartProblem(document, shown, String(version));
}

/** Roles and their bindings may have a colon; every other kind takes a DNS name at most. [k8s source: rbac validation, path segment names] */
function nameProblem(document: Document, kind: string, version: string): string | null {
  const [name, generated] = [document.getIn(['metadata', 'name']), document.getIn(['metadata', 'generateName'])];
  if (name === undefined) return generated === undefined ? `has the kind ${kind} without metadata.name` : null;
  if (typeof name !== 'string') return `has the kind ${kind} with a metadata.name that is not text`;
  if (version.startsWith('rbac.authorization.k8s.io/')) return null;
  if (name.length <= 253 && SUBDOMAIN.test(name)) return null;
  return `has the kind ${kind} with the name ${JSON.stringify(visible(name.slice(0, 60)))}, which is not a DNS name in lower case`;
}

/** [k3s-io/helm-controller source: pkg/controllers/chart, "chart and chartContent are both empty"] */
function chartProblem(document: Document, kind: string, version: string): string | null {
  if (kind !== 'HelmChart' || !version.startsWith('helm.cattle.io/')) return null;
  const spec = document.get('spec');
  if (isMap(spec) && (spec.get('chart') ?? spec.get('chartContent') ?? '') !== '') return null;
  return 'has a HelmChart without spec.chart or spec.chartContent';
}
