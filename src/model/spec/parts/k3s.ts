import * as z from 'zod';
import { DNS_LABEL, mapping, text } from './field.js';
import { content, localFile } from './node.js';

/** Where K3s publishes its releases. Laid out as `<mirror>/<version>/{k3s,k3s-arm64,sha256sum-<arch>.txt}`. */
export const DEFAULT_MIRROR = 'https://github.com/k3s-io/k3s/releases/download';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const sha256 = (architecture: string) =>
  text(
    /^[0-9a-f]{64}$/,
    'is not a SHA-256 in lower-case hex',
    `SHA-256 of the ${architecture} binary.`,
    '5'.repeat(64),
  );

const manifest = z
  .strictObject({
    name: text(DNS_LABEL, 'is not a DNS label', 'Name of the manifest, unique in the document.', 'cilium').max(50),
    content: content('Kubernetes resources as YAML, or a HelmChart of K3s.', 'kind: Namespace').optional(),
    file: localFile,
  })
  .describe('A manifest that K3s applies.');

/** Settings of K3s's config.yaml; rules check keys and values. */
export const k3sConfig = (about: { description: string; example: unknown }) =>
  mapping(
    z.union([scalar, z.array(scalar).max(200)]).meta({ description: 'Text, number, true, false, or a list of them.' }),
    200,
    about,
  );

export const k3s = z
  .strictObject({
    version: text(/^v\d+\.\d+\.\d+(-rc\d+)?\+k3s\d+$/, 'is not a K3s version', 'K3s release.', 'v1.34.2+k3s1'),
    mirror: text(
      /^https?:\/\/[^\s?#@]*[^\s?#@/]$/,
      'is not an http(s) address without credentials, query and closing slash',
      'Where nodes download K3s: <mirror>/<version>/{k3s,k3s-arm64,sha256sum-<arch>.txt}. By http only with spec.k3s.sha256, or where the operator allows it.',
      DEFAULT_MIRROR,
    ).default(DEFAULT_MIRROR),
    sha256: z
      .strictObject({ amd64: sha256('amd64').optional(), arm64: sha256('arm64').optional() })
      .prefault({})
      .describe("Optional pins; the mirror's own checksum file is checked in any case."),
    config: k3sConfig({
      description:
        'Merged into /etc/rancher/k3s/config.yaml of the servers; keys that Keelson owns are refused. Kubernetes secrets are encrypted in etcd unless it has `secrets-encryption: false`, which cannot be changed later.',
      example: { disable: ['traefik'] },
    }),
    manifests: z
      .array(manifest)
      .max(50)
      .default([])
      .describe(
        'Manifests that K3s applies from the creation on, a CNI for example. A change is applied, and the resources of one that is taken out are deleted.',
      ),
    environment: mapping(z.string().regex(/^[\x20-\x7e]{0,1000}$/, { error: 'is not a line of printable ASCII' }), 50, {
      description:
        'Environment of the K3s service of all nodes, proxies for example. HTTP_PROXY, HTTPS_PROXY and NO_PROXY also hold for the download of K3s by a job.',
      example: { HTTPS_PROXY: 'http://proxy.example.org:3128' },
    }),
  })
  .describe('Which K3s, from where, configured how.');
