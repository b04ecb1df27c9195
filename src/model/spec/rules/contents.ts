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

/** Manifests, files of nodes and their scripts: each has a text, no two the same place, and together they fit into a document. */
export const contents: Rule = ({ spec }) => [
  ...textsOf(spec).flatMap(withText),
  ...tooMuch(spec),
  ...manifests(spec),
  ...nodesOf(spec).flatMap(({ path, node }) => [...files(path, node), ...timeout(path, node)]),
];

/** Where nodes get files and scripts: servers, and each pool. */
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

/** The CLI has put the text in the place of `file` when it reads a document. */
function withText({ path, content, file }: Text): Violation[] {
  if (content !== undefined && file !== undefined)
    return [
      { path: [...path, 'file'], message: 'cannot go together with content', remedy: 'keep one of them', about: 'key' },
    ];
  if (file !== undefined)
    return [
      {
        path: [...path, 'file'],
        message: 'is a file that only the CLI can read',
        remedy: 'use `keelson apply -f`, or write its text as content',
      },
    ];
  return content === undefined ? [{ path, message: 'has no text', remedy: 'add content or file' }] : [];
}

function tooMuch(spec: ClusterSpec): Violation[] {
  const texts = [
    ...textsOf(spec).map(({ content = '' }) => content),
    ...nodesOf(spec).flatMap(({ node }) => [node.before ?? '', node.after ?? '']),
  ];
  const bytes = texts.reduce((sum, text) => sum + bytesOf(text), 0);
  if (bytes <= MOST_CONTENT) return [];
  const message = `manifests, files and scripts have ${Math.ceil(bytes / 1024)} KiB in all`;
  const remedy = `at most ${MOST_CONTENT / 1024} KiB; install what is larger by a HelmChart`;
  return [{ path: ['spec'], message, remedy }];
}

/** In UTF-8, which TextEncoder would tell; it is not part of the language. */
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
    const problem = content === undefined ? null : manifestProblem(content);
    return [
      ...(twice ? [{ path: [...path, 'name'], message: `${name} is there twice`, remedy: 'choose another name' }] : []),
      ...(problem === null
        ? []
        : [
            {
              path: [...path, 'content'],
              message: problem,
              remedy: 'resources of Kubernetes, each with apiVersion and kind',
            },
          ]),
    ];
  });
}

/** What keeps K3s from reading a manifest, as far as that can be seen without a YAML parser, which the model does without. */
function manifestProblem(content: string): string | null {
  if (/^\s*\{/.test(content)) return /"kind"\s*:/.test(content) ? null : 'has a resource without kind';
  const tab = content.split('\n').findIndex((line) => /^ *\t+ *[^\s#]/.test(line));
  if (tab >= 0) return `is indented by a tab in line ${tab + 1}`;
  const parts = content.split(/^---(?:[ \t].*)?$/m).filter((part) => /^\s*[^\s#]/m.test(part));
  if (parts.length === 0) return 'holds no resource';
  const without = parts.findIndex((part) => !/^["']?apiVersion["']?:/m.test(part) || !/^["']?kind["']?:/m.test(part));
  return without < 0 ? null : `has no apiVersion or kind in resource ${without + 1} of ${parts.length}`;
}

/** Paths that Keelson or K3s write themselves, with what to use instead. */
const OWNED: readonly { at: RegExp; remedy: string }[] = [
  { at: /^\/etc\/rancher\/k3s\/config\.yaml(\.d\/|$)/, remedy: 'use spec.k3s.config' },
  { at: /^\/etc\/rancher\/(k3s\/((server|agent)-token|k3s\.yaml)$|node\/)/, remedy: 'leave it to Keelson' },
  { at: /^\/var\/lib\/rancher\/k3s\/server\/manifests\//, remedy: 'use spec.k3s.manifests' },
  { at: /^\/var\/lib\/rancher\/k3s\/(server|data)\//, remedy: 'leave it to K3s' },
  { at: /^\/etc\/systemd\/system\/k3s(-agent)?\.service(\.env)?$/, remedy: 'use spec.k3s.environment' },
  { at: /^\/usr\/local\/bin\/(k3s|kubectl)$/, remedy: 'use spec.k3s.version' },
  { at: /^\/var\/lib\/keelson\//, remedy: 'choose another folder' },
];

function files(path: Path, { files: list }: ClusterSpec['servers']['node']): Violation[] {
  const seen = new Set<string>();
  return list.flatMap((file, index) => {
    const at = [...path, 'files', index, 'path'];
    const twice = seen.has(file.path);
    seen.add(file.path);
    const owned = OWNED.find((one) => one.at.test(file.path));
    return [
      ...(twice ? [{ path: at, message: `${file.path} is there twice`, remedy: 'keep one of them' }] : []),
      ...(/\/(\.{0,2})(\/|$)/.test(file.path)
        ? [{ path: at, message: 'has an empty part, or one of dots', remedy: 'write the path of a file as it is' }]
        : []),
      ...(owned === undefined
        ? []
        : [{ path: at, message: `${file.path} is not for a document to write`, remedy: owned.remedy }]),
    ];
  });
}

/** The job that installs a node waits for its scripts. */
const MOST_SECONDS = 30 * 60;

function timeout(path: Path, node: ClusterSpec['servers']['node']): Violation[] {
  const seconds = secondsOf(node.timeout);
  if (seconds >= 1 && seconds <= MOST_SECONDS) return [];
  return [{ path: [...path, 'timeout'], message: `is ${node.timeout}`, remedy: 'between 1s and 30m' }];
}
