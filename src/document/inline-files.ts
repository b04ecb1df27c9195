import { isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml';
import { compose } from './compose.js';
import { MAX_BYTES } from './decode.js';
import { keyText } from './locate.js';
import type { Problem } from './problem.js';
import { positionsIn } from './problem.js';
import { weigh } from './weigh.js';

/** Reads the text of a file that a document names, or says why it cannot. */
export type ReadText = (path: string) => Promise<{ text: string } | { why: string }>;

/**
 * Puts the text of files in the place of `file` in manifests and files of nodes, so that Keelson keeps the whole. Lines keep their numbers,
 * because the text goes in as JSON, which is YAML too.
 *
 * @returns the text as it was if it names no file or cannot be parsed, which `readDocument` reports; problems for unreadable files
 */
export async function inlineFiles(
  text: string,
  file: string,
  read: ReadText,
): Promise<{ text: string; changed: boolean; problems: Problem[] }> {
  if (!/\bfile\b/.test(text) || text.length > MAX_BYTES) return { text, changed: false, problems: [] };
  const { excess, tokens } = weigh(text);
  if (excess !== null) return { text, changed: false, problems: [] };
  const { documents, faults, hasMore } = compose(tokens);
  const [document, second] = documents;
  if (faults.length > 0 || hasMore || second !== undefined || !isMap(document?.contents))
    return { text, changed: false, problems: [] };
  const places = pairsIn(document.contents);
  const positionOf = positionsIn(text);
  const problems: Problem[] = [];
  let whole = text;
  // From the end on, so that earlier offsets stay.
  for (const { pair, path } of places.toReversed()) {
    if (!isScalar(pair.key) || !isScalar(pair.value) || typeof pair.value.value !== 'string') continue;
    const [from, to] = [pair.key.range?.[0] ?? 0, pair.value.range?.[1] ?? 0];
    const answer = await read(pair.value.value);
    if ('why' in answer) {
      const place = positionOf(pair.value.range?.[0] ?? from);
      problems.unshift({ file, ...place, path, message: answer.why, hint: 'a file beside the document' });
    } else {
      const key = text[from] === '"' ? '"content"' : 'content';
      whole = `${whole.slice(0, from)}${key}: ${JSON.stringify(answer.text)}${whole.slice(to)}`;
    }
  }
  return { text: whole, changed: whole !== text, problems };
}

interface Place {
  pair: Pair;
  path: (string | number)[];
}

/** Returns every `file:` that stands where the schema has one. */
function pairsIn(top: YAMLMap): Place[] {
  const spec = entryOf(top, 'spec');
  const k3s = entryOf(spec, 'k3s');
  const pools = entryOf(spec, 'pools');
  const lists: [unknown, (string | number)[]][] = [
    [entryOf(k3s, 'manifests'), ['spec', 'k3s', 'manifests']],
    [entryOf(entryOf(entryOf(spec, 'servers'), 'node'), 'files'), ['spec', 'servers', 'node', 'files']],
    ...(isSeq(pools) ? pools.items : []).map((pool, index): [unknown, (string | number)[]] => [
      entryOf(entryOf(pool, 'node'), 'files'),
      ['spec', 'pools', index, 'node', 'files'],
    ]),
  ];
  const found = lists.flatMap(([list, path]) =>
    (isSeq(list) ? list.items : []).flatMap((entry, index): Place[] => {
      const pair = isMap(entry) ? entry.items.findLast((item) => keyText(item) === 'file') : undefined;
      return pair === undefined ? [] : [{ pair, path: [...path, index, 'file'] }];
    }),
  );
  return found.toSorted((a, b) => startOf(a) - startOf(b));
}

const startOf = ({ pair }: Place): number => (isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0);

const entryOf = (node: unknown, key: string): unknown =>
  isMap(node) ? node.items.findLast((item) => keyText(item) === key)?.value : undefined;
