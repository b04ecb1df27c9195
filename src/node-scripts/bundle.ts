import type { NodeFiles } from '../model/node-files/wanted.js';

/**
 * Returns a bundle of files for nodes: one line each, `<kind> <mode or -> <name> <base64>`, which a script reads without a tool. Values
 * contain no spaces, so that nothing needs quotes.
 */
export function bundleText({ manifests, files, environment, before, after }: NodeFiles): string {
  const line = (kind: string, mode: string, name: string, text: string): string =>
    `${kind} ${mode} ${name} ${Buffer.from(text, 'utf8').toString('base64')}\n`;
  const variables = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    // systemd takes the value between the quotes literally: rules keep quotes, backslashes and dollars out. [systemd.exec: EnvironmentFile]
    ...(variables.length === 0
      ? []
      : [line('env', '-', '-', variables.map(([name, value]) => `${name}="${value}"\n`).join(''))]),
    ...files.map(({ path, mode, content }) => line('file', mode, path, content)),
    ...manifests.map(({ name, content }) => line('manifest', '-', name, content)),
    ...(before === '' ? [] : [line('hook', '-', 'before', before)]),
    ...(after === '' ? [] : [line('hook', '-', 'after', after)]),
    'end - - -\n',
  ].join('');
}
