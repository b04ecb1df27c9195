/** Old names and their new ones, replaced wherever they stand in a text. */
export class Names {
  private readonly all = new Map<string, string>();
  private pattern: RegExp | null = null;

  set(from: string, to: string): void {
    this.all.set(from, to);
    this.pattern = null;
  }

  /** The longest first; digits around an address belong to another one. */
  swap(text: string): string {
    this.pattern ??= new RegExp(
      [...this.all.keys()]
        .sort((a, b) => b.length - a.length)
        .map((name) => `(?<!\\d)${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\d)`)
        .join('|'),
      'g',
    );
    return text.replace(this.pattern, (name) => this.all.get(name) ?? name);
  }

  /** The same in all texts of plain data. */
  swapIn<T>(data: T): T {
    return JSON.parse(this.swap(JSON.stringify(data))) as T;
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.all);
  }
}
