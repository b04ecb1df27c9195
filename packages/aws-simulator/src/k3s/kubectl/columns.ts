/** kubectl's tables: columns at least six wide and three apart, nothing after the last. [kubectl: printers, tabwriter] */
const PADDING = 3;
const MIN_WIDTH = 6;

export function printTable(rows: string[][]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? MIN_WIDTH, cell.length + PADDING);
    });
  }
  const line = (row: string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('');
  return rows.map((row) => `${line(row)}\n`).join('');
}
