import { readdirSync, readFileSync } from 'node:fs';

/** A fenced block of a page. */
interface Block {
  language: string;
  text: string;
}

/** A document that a page prints, by the name in its first line: `# shop-us.yaml`. */
export interface PrintedFile {
  name: string;
  text: string;
}

/** README and all how-tos, and what else prints commands for users. */
export const pages = (): string[] => [
  'README.md',
  ...['docs/how-to', 'docs/explanation'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`)
      .sort(),
  ),
];

function blocksOf(page: string): Block[] {
  const found = readFileSync(page, 'utf8').matchAll(/^```(\w*)\n(.*?)^```/gms);
  return [...found].map(([, language = '', text = '']) => ({ language, text }));
}

/** The commands of a page's `sh` blocks as printed, without their comments; one that goes over several lines is one. */
export function commandsOf(page: string): string[] {
  return blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => split(text));
}

function split(text: string): string[] {
  const commands: string[] = [];
  let open: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    open.push(line.replace(/\s{2,}#.*$/, ''));
    const whole = open.join('\n');
    const inLoop = /^for /.test(whole) && !/\n\s*done$/.test(whole);
    if (whole.endsWith('\\') || inLoop) continue;
    commands.push(whole);
    open = [];
  }
  return [...commands, ...open];
}

export function filesOf(page: string): PrintedFile[] {
  return blocksOf(page).flatMap(({ language, text }) => {
    const name = /^# ([\w.-]+\.ya?ml)\n/.exec(text)?.[1];
    return language === 'yaml' && name !== undefined && text.includes('apiVersion:') ? [{ name, text }] : [];
  });
}
