/** Quotes text for a shell: any value arrives as it is. */
import { createHash } from 'node:crypto';

/** Names that mean something to bash or to the scripts themselves. */
const RESERVED =
  /^(BASH.*|KEELSON_.*|LD_.*|JOB_.*|PATH|URLS|HOME|IFS|ENV|R|POLL|STATE_DIR|LC_ALL|LANG|UID|EUID|PPID|RANDOM|SECONDS|LINENO|SHELLOPTS|GROUPS|FUNCNAME|DIRSTACK|OPTIND|PS4|PIPESTATUS|PWD|OLDPWD|TMPDIR|CDPATH|GLOBIGNORE)$/;

/** Throws unless a script can have a variable of that name. */
export function checkName(name: string): void {
  if (!/^[A-Z][A-Z0-9_]*$/.test(name) || RESERVED.test(name))
    throw new Error(`"${name}" cannot be a script's variable`);
}

/** `NAME='value'` lines. */
export function assignments(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join('');
}

/** In single quotes only the quote itself means anything to a shell. */
function quote(name: string, value: string): string {
  if (value.includes('\0')) throw new Error(`${name} holds a NUL character, which no shell variable can`);
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** `command <<'WORD'` with a word that is none of the text's lines. */
export function hereDocument(command: string, text: string): string {
  const word = `KEELSON_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  if (text.includes(word)) throw new Error('the text holds the word that ends it');
  return `${command} <<'${word}'\n${text}${word}\n`;
}
