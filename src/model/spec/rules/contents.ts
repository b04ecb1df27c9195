import { secondsOf } from '../../duration.js';
import { MOST_CONTENT } from '../parts/node.js';
import type { ClusterSpec } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

type Path = (string | number)[];

/** A text of the document that becomes a file of a node. */
interface Text {
  path: Path;
  content: string | undefined;
  file: string | undefined;
}

/** Checks manifests, files of nodes and their scripts: each has a text, no two the same place, and together they fit into a document. */
export const contents: Rule = ({ spec }) => [
  ...textsOf(spec).flatMap(withText),
  ...tooMuch(spec),
  ...manifests(spec),
  ...nodesOf(spec).flatMap(({ path, node }) => [...files(path, node), ...timeout(path, node), ...scripts(path, node)]),
];

/** Returns where nodes get files and scripts: servers, and each pool. */
const nodesOf = ({ servers, pools }: ClusterSpec): { path: Path; node: ClusterSpec['servers']['node'] }[] => [
  { path: ['spec', 'servers', 'node'], node: servers.node },
  ...pools.map(({ node }, index) => ({ path: ['spec', 'pools', index, 'node'], node })),
];

const textsOf = (spec: ClusterSpec): Text[] => [
  ...spec.k3s.manifests.map(({ content, file }, index) => ({
    path: ['spec', 'k3s', 'manifests', index],
    content,
    file,
  })),
  ...nodesOf(spec).flatMap(({ path, node }) =>
    node.files.map(({ content, file }, index) => ({ path: [...path, 'files', index], content, file })),
  ),
];

/** The CLI has replaced `file` by the text when it reads a document. */
function withText({ path, content, file }: Text): Violation[] {
  if (content !== undefined && file !== undefined)
    return [
      { path: [...path, 'file'], message: 'cannot go together with content', hint: 'keep one of them', about: 'key' },
    ];
  if (file !== undefined)
    return [
      {
        path: [...path, 'file'],
        message: 'is a file that only the CLI can read',
        hint: 'use `keelson apply -f`, or write its text as content',
      },
    ];
  return content === undefined ? [{ path, message: 'has no text', hint: 'add content or file' }] : [];
}

function tooMuch(spec: ClusterSpec): Violation[] {
  const texts = [
    ...textsOf(spec).map(({ content = '' }) => content),
    ...nodesOf(spec).flatMap(({ node }) => [node.before ?? '', node.after ?? '']),
  ];
  const bytes = texts.reduce((sum, text) => sum + bytesOf(text), 0);
  if (bytes <= MOST_CONTENT) return [];
  const message = `manifests, files and scripts have ${Math.ceil(bytes / 1024)} KiB in all`;
  const hint = `at most ${MOST_CONTENT / 1024} KiB; install what is larger by a HelmChart`;
  return [{ path: ['spec'], message, hint }];
}

/** Bytes in UTF-8, without TextEncoder, which is not part of the language. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function manifests({ k3s }: ClusterSpec): Violation[] {
  const seen = new Set<string>();
  return k3s.manifests.flatMap(({ name, content }, index) => {
    const path = ['spec', 'k3s', 'manifests', index];
    const twice = seen.has(name);
    seen.add(name);
    const problem = content === undefined ? null : (manifestProblem(content) ?? chartProblem(content, k3s.config));
    return [
      ...(twice ? [{ path: [...path, 'name'], message: `${name} is there twice`, hint: 'choose another name' }] : []),
      ...(problem === null
        ? []
        : [
            {
              path: [...path, 'content'],
              message: problem,
              hint: 'resources of Kubernetes, each with apiVersion and kind',
            },
          ]),
    ];
  });
}

/** Returns what keeps K3s from reading a manifest, as far as the model can see it without a YAML parser. */
function manifestProblem(content: string): string | null {
  if (/^\s*\{/.test(content)) return /"kind"\s*:/.test(content) ? null : 'has a resource without kind';
  const tab = content.split('\n').findIndex((line) => /^ *\t+ *[^\s#]/.test(line));
  if (tab >= 0) return `is indented by a tab in line ${tab + 1}`;
  const parts = content.split(/^---(?:[ \t].*)?$/m).filter((part) => /^\s*[^\s#]/m.test(part));
  if (parts.length === 0) return 'holds no resource';
  const without = parts.findIndex((part) => !/^["']?apiVersion["']?:/m.test(part) || !/^["']?kind["']?:/m.test(part));
  return without < 0 ? null : `has no apiVersion or kind in resource ${without + 1} of ${parts.length}`;
}

/** K3s's own controller brings the kind, and without it K3s tries the manifest in vain every 15 seconds. [docs: K3s, Helm; cli/server] */
function chartProblem(content: string, config: ClusterSpec['k3s']['config']): string | null {
  const isOff = /^(true|t|1)$/i.test(String(config['disable-helm-controller']));
  const isChart = /["']?\bkind["']?:\s*["']?HelmChart(Config)?\b/.test(content) && /helm\.cattle\.io\//.test(content);
  return isOff && isChart ? 'has a HelmChart, and disable-helm-controller switches off what installs it' : null;
}

/** Paths that Keelson or K3s write themselves, with what to use instead. */
const OWNED: readonly { at: RegExp; hint: string }[] = [
  { at: /^\/etc\/rancher\/k3s\/config\.yaml(\.d\/|$)/, hint: 'use spec.k3s.config' },
  { at: /^\/etc\/rancher\/(k3s\/((server|agent)-token|k3s\.yaml)$|node\/)/, hint: 'leave it to Keelson' },
  { at: /^\/var\/lib\/rancher\/k3s\/server\/manifests\//, hint: 'use spec.k3s.manifests' },
  { at: /^\/var\/lib\/rancher\/k3s\/(server|data)\//, hint: 'leave it to K3s' },
  { at: /^\/etc\/systemd\/system\/k3s(-agent)?\.service(\.env)?$/, hint: 'use spec.k3s.environment' },
  { at: /^\/usr\/local\/bin\/(k3s|kubectl)$/, hint: 'use spec.k3s.version' },
  { at: /^\/var\/lib\/keelson\//, hint: 'choose another folder' },
  // K3s writes it at each start. [docs: K3s, advanced options, configuring containerd]
  {
    at: /^\/var\/lib\/rancher\/k3s\/agent\/etc\/containerd\/config\.toml$/,
    hint: 'use config-v3.toml.tmpl beside it',
  },
  { at: /^\/(proc|sys|dev|run)\//, hint: 'a file of the disk, or a script in before' },
];

function files(path: Path, { files: list }: ClusterSpec['servers']['node']): Violation[] {
  const seen = new Set<string>();
  return list.flatMap((file, index) => {
    const at = [...path, 'files', index, 'path'];
    const twice = seen.has(file.path);
    seen.add(file.path);
    const folder = list.find((other) => file.path.startsWith(`${other.path}/`));
    const owned = OWNED.find((one) => one.at.test(file.path));
    return [
      ...(twice ? [{ path: at, message: `${file.path} is there twice`, hint: 'keep one of them' }] : []),
      ...(/\/(\.{0,2})(\/|$)/.test(file.path)
        ? [{ path: at, message: 'has an empty part, or one of dots', hint: 'write the path of a file as it is' }]
        : []),
      ...(folder === undefined
        ? []
        : [
            {
              path: at,
              message: `${folder.path} is a file, too, and no folder`,
              hint: 'choose another path for one of them',
            },
          ]),
      ...(owned === undefined
        ? []
        : [{ path: at, message: `${file.path} is not for a document to write`, hint: owned.hint }]),
    ];
  });
}

/** Bash runs them, whatever their first line says. */
const scripts = (path: Path, node: ClusterSpec['servers']['node']): Violation[] =>
  (['before', 'after'] as const).flatMap((key) => {
    const shebang = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(node[key] ?? '');
    if (
      shebang === null ||
      /(^|\/)(ba|da)?sh$/.test(shebang[1]?.endsWith('/env') ? (shebang[2] ?? '') : (shebang[1] ?? ''))
    )
      return [];
    const message = `begins with ${shebang[0]}, and bash runs it`;
    return [{ path: [...path, key], message, hint: 'a bash script; start another interpreter in it' }];
  });

/** The job that installs a node waits for its scripts. */
const MOST_SECONDS = 30 * 60;

function timeout(path: Path, node: ClusterSpec['servers']['node']): Violation[] {
  const seconds = secondsOf(node.timeout);
  if (seconds >= 1 && seconds <= MOST_SECONDS) return [];
  return [{ path: [...path, 'timeout'], message: `is ${node.timeout}`, hint: 'between 1s and 30m' }];
}
