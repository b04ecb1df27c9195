import type { Document } from 'yaml';
import { visible } from '../model/invisible.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { Violation } from '../model/spec/violation.js';
import { compose } from './compose.js';
import { positionsIn } from './problem.js';
import { registriesProblem } from './registries.js';
import { resourceProblem } from './resources.js';
import { weigh } from './weigh.js';

type Path = (string | number)[];

/** Parsing them costs a tenth of a second at most; K3s reads the rest. [as for the document itself: weigh.ts] */
const MOST_TOKENS = 8_000;

/** K3s reads it at its start, and exits at an error. [docs: K3s, private registry configuration] */
const REGISTRIES = '/etc/rancher/k3s/registries.yaml';

/**
 * Checks YAML within a document: manifests, and files of nodes with a YAML name. K3s would find the errors after the nodes are paid for: it
 * logs an unreadable manifest every 15 seconds, and exits with a broken registries.yaml.
 */
export function embeddedViolations({ spec }: ClusterDocument): Violation[] {
  let left = MOST_TOKENS;
  const texts: { path: Path; text: string; hint: string; more?: (document: Document) => string | null }[] = [
    ...spec.k3s.manifests.map(({ content = '' }, index) => ({
      path: ['spec', 'k3s', 'manifests', index, 'content'],
      text: content,
      hint: 'resources of Kubernetes as YAML; render templates first',
      more: resourceProblem,
    })),
    ...[
      { path: ['spec', 'servers', 'node', 'files'] as Path, files: spec.servers.node.files },
      ...spec.pools.map(({ node }, index) => ({ path: ['spec', 'pools', index, 'node', 'files'], files: node.files })),
    ].flatMap(({ path, files }) =>
      files
        .map((file, index) => ({ file, at: [...path, index, 'content'] }))
        .filter(({ file }) => /\.(ya?ml|json)$/.test(file.path))
        .map(({ file, at }) => ({
          path: at,
          text: file.content ?? '',
          hint:
            file.path === REGISTRIES
              ? 'as in https://docs.k3s.io/installation/private-registry'
              : 'what the file holds, or a name of another kind',
          ...(file.path === REGISTRIES && { more: registriesProblem }),
        })),
    ),
  ];
  return texts.flatMap(({ path, text, hint, more }) => {
    const { excess, tokens } = weigh(text, left);
    if (excess !== null) return [];
    left -= tokens.length;
    const { documents, faults, hasMore } = compose(tokens);
    const [fault] = faults;
    if (fault !== undefined) {
      const { line } = positionsIn(text)(fault.offset);
      return [{ path, message: `is not YAML in its line ${line}: ${visible(fault.message.slice(0, 120))}`, hint }];
    }
    if (hasMore || more === undefined) return [];
    const problem = documents.flatMap((one) => more(one) ?? [])[0];
    return problem === undefined ? [] : [{ path, message: problem, hint }];
  });
}
