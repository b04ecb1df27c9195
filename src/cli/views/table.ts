import Table from 'cli-table3';

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '   ' },
};

/** A second line would look like another row. */
const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ');

/** Columns as kubectl shows them: no lines, upper-case heads, `-` for what is not there. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const one = new Table({ chars: NO_LINES, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } });
  one.push(head.map((name) => name.toUpperCase()));
  for (const row of rows) one.push(row.map((cell) => (cell === null || cell === '' ? '-' : oneLine(String(cell)))));

  return one
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
