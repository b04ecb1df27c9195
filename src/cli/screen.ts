import { stripVTControlCharacters } from 'node:util';

/** What a view has to fit into. */
export interface Screen {
  /** Null where the output is not a terminal: then nothing is left out or wrapped. */
  columns: number | null;
  rows: number | null;
  /** `-o wide`: all columns and all conditions, however wide the terminal. */
  wide: boolean;
}

export const PLAIN: Screen = { columns: null, rows: null, wide: false };

export function screenOf(stream: { isTTY?: boolean; columns?: number; rows?: number }, wide = false): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    columns: isTerminal && stream.columns ? stream.columns : null,
    rows: isTerminal && stream.rows ? stream.rows : null,
    wide,
  };
}

/** `[?1049h` keeps what stood on the terminal for the end. [xterm: control sequences] */
export const ALTERNATE = {
  enter: '\u001b[?1049h\u001b[?25l',
  leave: '\u001b[?25h\u001b[?1049l',
  home: '\u001b[H\u001b[J',
};

const ESCAPE = String.fromCharCode(27);
/** A colour, or one character. */
const TOKEN = new RegExp(`${ESCAPE}\\[[0-9;]*m|[\\s\\S]`, 'gu');

/** As much of a text as the terminal shows: lines are cut at its width, and the last line counts those that are left out. */
export function clipped(text: string, { columns, rows }: Screen): string {
  const lines = text.split('\n').map((line) => (columns === null ? line : cut(line, columns)));
  if (rows === null || lines.length < rows) return lines.join('\n');
  const shown = lines.slice(0, rows - 2);
  return [...shown, `... ${lines.length - shown.length} more lines: keelson status NAME -o wide`].join('\n');
}

/** A command that someone may copy, up to the end of its clause; or what stands in backquotes. */
const COMMAND = /`[^`\n]*`|(?<![\w:/.-])(?:keelson|kubectl|aws|temporal|k3s|systemctl|journalctl|curl|npm) [^;,)`\n]+/g;
/** Stands for a blank at which a line must not break: foreign text has none of it. [model/printable.ts] */
const HELD = '\u0000';

/**
 * A line of words as lines of at most so many columns. A command stays whole: broken over two lines it is another one, so the terminal itself breaks what
 * is longer than a line.
 *
 * @param columns null for no bound
 * @param hang blanks before each line but the first; by default two more than before the first
 */
export function wrapped(line: string, columns: number | null, hang?: number): string {
  if (columns === null || stripVTControlCharacters(line).length <= columns) return line;
  const indent = line.length - line.trimStart().length;
  const before = ' '.repeat(Math.min(hang ?? indent + 2, Math.floor(columns / 2)));
  const lines: string[] = [];
  let [text, width, isEmpty] = [' '.repeat(indent), indent, true];
  const words = line.slice(indent).replaceAll(COMMAND, (command) => command.replaceAll(' ', HELD));
  for (const word of words.split(' ')) {
    const length = stripVTControlCharacters(word).length;
    if (!isEmpty && width + 1 + length > columns) {
      lines.push(text.trimEnd());
      text = `${before}${word}`;
      width = before.length + length;
    } else {
      text += isEmpty ? word : ` ${word}`;
      width += (isEmpty ? 0 : 1) + length;
    }
    isEmpty = false;
  }
  return [...lines, text].join('\n').replaceAll(HELD, ' ');
}

/** Each line of a text wrapped, unless it is to be as wide as it is. Tables come wrapped already. */
export const fitted = (text: string, { columns, wide }: Screen): string =>
  wide
    ? text
    : text
        .split('\n')
        .map((line) => wrapped(line, columns))
        .join('\n');

function cut(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length <= columns) return line;
  let [width, out, isColoured] = [0, '', false];
  for (const [token] of line.matchAll(TOKEN)) {
    if (token.startsWith(ESCAPE)) {
      isColoured = true;
      out += token;
    } else if (width < columns - 1) {
      out += token;
      width += 1;
    }
  }
  return `${out}…${isColoured ? `${ESCAPE}[39m${ESCAPE}[22m` : ''}`;
}
