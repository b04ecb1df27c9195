// node scripts/sample-sentences.mjs [--seed 1] [--count 70]: draws sentences of the pages, comments and messages, to read them by the rules of
// CONTRIBUTING.md. The same seed on the same tree draws the same sentences.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '70' } },
});

const FOLDERS = ['src', 'packages', 'docs'];
/** Shorter ones are headings, cells and labels. */
const FEWEST_WORDS = 6;

const files = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...FOLDERS.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))),
]
  .filter((path) => /\.(md|ts|sh)$/.test(path) && !/(^|\/)(node_modules|dist|results)\//.test(path))
  .sort();

const all = files.flatMap((path) =>
  blocksOf(path, readFileSync(path, 'utf8')).flatMap((block) =>
    sentencesOf(block).map((sentence) => `${path}: ${sentence}`),
  ),
);
const random = mulberry32(Number(values.seed));
const drawn = new Set();
while (drawn.size < Math.min(Number(values.count), all.length)) drawn.add(all[Math.floor(random() * all.length)]);
console.log([...drawn].join('\n'));
console.error(`${drawn.size} of ${all.length} sentences, seed ${values.seed}`);

/** What people read of a file: paragraphs, list items and cells of a page; comments and messages of code. */
function blocksOf(path, text) {
  if (path.endsWith('.md')) return blocksOfPage(text);
  if (path.endsWith('.sh')) return joinLines(text, /^\s*#(?!!) ?(.*)$/);
  const comments = [...text.matchAll(/\/\*\*?([\s\S]*?)\*\//g)].flatMap(([, body]) =>
    body.replaceAll(/^\s*\* ?/gm, '').split(/\n\s*\n|(?=@\w+ )/),
  );
  const messages = [...text.matchAll(/(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g)].map(([, , body]) => body);
  return [...comments, ...joinLines(text, /^\s*\/\/ ?(.*)$/), ...messages].map((block) =>
    block.replaceAll(/\s+/g, ' '),
  );
}

function blocksOfPage(text) {
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1.*$/gm, '').replaceAll(/<!--[\s\S]*?-->/g, '');
  return prose.split(/\n\s*\n|\n(?=\s*[-*\d|#>])/).flatMap((block) => {
    const line = block.replaceAll(/\s+/g, ' ').trim();
    return line.startsWith('|') ? line.split('|') : [line.replace(/^([-*>]|\d+\.|#+) /, '')];
  });
}

/** Comments of one line that follow each other are one text. */
function joinLines(text, pattern) {
  const blocks = [''];
  for (const line of text.split('\n')) {
    const [, body] = pattern.exec(line) ?? [];
    if (body === undefined) blocks.push('');
    else blocks[blocks.length - 1] += `${body} `;
  }
  return blocks;
}

function sentencesOf(block) {
  return block
    .split(/(?<=[.!?])\s+(?=[A-Z`[(])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => (sentence.match(/(?<![\w$.{])[A-Za-z][a-z']*(?![\w(.}]\S)/g) ?? []).length >= FEWEST_WORDS);
}

/** A generator of 32 bits, the same everywhere. [Tommy Ettinger: mulberry32] */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
