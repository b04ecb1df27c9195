/** `kubectl get nodes`, in the output formats that scripts use. */
import { type CommandReply, reply } from '../../machine/systemctl.js';
import type { KubeCluster } from '../cluster.js';
import type { NodeObject } from '../node.js';
import { printTable } from './columns.js';
import { notFound } from './context.js';
import { customColumns } from './custom-columns.js';
import { goTemplate } from './go-template.js';
import { jsonPath } from './json-path.js';
import { NODE_COLUMNS, nodeRow } from './node-table.js';

export function getNodes(cluster: KubeCluster, names: string[], flags: Map<string, string>): CommandReply {
  const all = cluster.nodeObjects();
  const missing = names.find((name) => !all.some(({ metadata }) => metadata.name === name));
  const lenient = flags.get('ignore-not-found') === 'true';
  const selector = flags.get('l') ?? flags.get('selector') ?? '';
  const found = all
    .filter(({ metadata }) => names.length === 0 || names.includes(metadata.name))
    .filter((node) => selects(selector, node));
  if (missing !== undefined && !lenient) return reply(1, '', notFound(missing));
  return print(found, names.length === 1, flags.get('output') ?? '', flags.get('no-headers') !== 'true');
}

function print(nodes: NodeObject[], single: boolean, output: string, headers: boolean): CommandReply {
  const [format = '', spec = ''] = splitOnce(output, '=');
  try {
    switch (format) {
      case 'json': {
        const list = { apiVersion: 'v1', kind: 'List', items: nodes, metadata: { resourceVersion: '' } };
        return reply(0, `${JSON.stringify(single && nodes[0] ? nodes[0] : list, null, 4)}\n`);
      }
      case 'name':
        return reply(0, nodes.map(({ metadata }) => `node/${metadata.name}\n`).join(''));
      case 'custom-columns':
        return reply(0, customColumns(spec, nodes, headers));
      case 'jsonpath':
        return reply(
          0,
          jsonPath(spec, single && nodes[0] ? nodes[0] : { items: nodes })
            .map(String)
            .join(' '),
        );
      case 'go-template':
        return reply(0, goTemplate(spec, single && nodes[0] ? nodes[0] : { items: nodes }));
      case '':
      case 'wide':
        return table(nodes, format === 'wide', headers);
      default:
        return reply(1, '', `error: unable to match a printer suitable for the output format "${output}"\n`);
    }
  } catch (error) {
    return reply(1, '', `error: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function table(nodes: NodeObject[], wide: boolean, headers: boolean): CommandReply {
  if (nodes.length === 0) return reply(0, '', 'No resources found\n');
  const shown = (_: unknown, i: number) => wide || NODE_COLUMNS[i]?.wide === false;
  const rows = nodes.map((node) => nodeRow(node).filter(shown));
  const head = NODE_COLUMNS.filter(shown).map(({ name }) => name.toUpperCase());
  return reply(0, printTable(headers ? [head, ...rows] : rows));
}

/** Equality and existence, joined by commas. */
function selects(selector: string, { metadata: { labels } }: NodeObject): boolean {
  return selector
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const match = /^([^=!]+)(==?|!=)(.*)$/.exec(term);
      if (!match) return term.startsWith('!') ? !(term.slice(1) in labels) : term in labels;
      const [, key = '', operator, value] = match;
      return (labels[key] === value) === (operator !== '!=');
    });
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
