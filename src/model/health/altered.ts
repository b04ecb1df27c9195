/** The node reports the altered names: names of another form are ignored. */
const NAME = /^(config\.yaml|environment|manifest:[a-z0-9-]{1,50}|file:\/[A-Za-z0-9._/@+-]{1,200})$/;

/** How many files the message names; it counts the others. */
const NAMED = 5;

/**
 * Reads the result `altered` of the script `probe`: files that differ from what Keelson wrote.
 *
 * @returns null if the node does not report it
 */
export function alteredIn(text: string | undefined): { manifests: string[]; config: string[] } | null {
  if (text === undefined) return null;
  const names = text === 'none' ? [] : text.split(',').filter((name) => NAME.test(name));
  const isManifest = (name: string): boolean => name.startsWith('manifest:');
  return {
    manifests: some(names.filter(isManifest).map((name) => name.replace(':', ' '))),
    config: some(names.filter((name) => !isManifest(name)).map((name) => name.replace(/^file:/, ''))),
  };
}

const some = (names: string[]): string[] =>
  names.length <= NAMED ? names : [...names.slice(0, NAMED), `${names.length - NAMED} more`];
