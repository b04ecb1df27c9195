/** Every text that reaches a node, as it is sent, passes shellcheck. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderCommand, renderUserData } from '#src/node-scripts/render.js';
import { foundingText, NODE_SCRIPTS, runnerText, scriptText } from '#src/node-scripts/scripts.js';
import { assignments } from '#src/node-scripts/shell.js';

const TOOLS = fileURLToPath(new URL('../../../scripts/tools/python.mjs', import.meta.url));
const FIND = `const { onPath, pythonTool } = await import(process.argv[1]);
console.log(onPath('shellcheck') ?? (await pythonTool('shellcheck')) + '/shellcheck');`;

const RELEASE = { K3S_VERSION: 'v1.34.2+k3s1', K3S_MIRROR: 'https://m.example', ARCH: 'amd64' };

let shellcheck: string;
beforeAll(() => {
  shellcheck = execFileSync(process.execPath, ['--input-type=module', '-e', FIND, TOOLS], { encoding: 'utf8' }).trim();
});

/** SC2034: helpers define variables that not every script uses; SC2016: a text for another shell is meant not to expand. */
const complaints = (text: string, shell: 'sh' | 'bash') =>
  spawnSync(shellcheck, ['--norc', `--shell=${shell}`, '--exclude=SC2034,SC2016', '--format=gcc', '-'], {
    input: text,
    encoding: 'utf8',
  }).stdout;

describe('shellcheck', () => {
  it.each(NODE_SCRIPTS)('finds nothing in %s with its helpers', (script) => {
    // The variables that the workflow gives are upper-case: shellcheck takes them for the environment's.
    expect(complaints(scriptText(script), 'bash')).toBe('');
  });

  it('finds nothing in the job runner', () => {
    expect(complaints(`${runnerText()}run_job\n`, 'bash')).toBe('');
  });

  it('finds nothing in a command and in user data as they are sent', () => {
    const command = renderCommand({ jobId: 'j', script: 'join', params: { A: "it's" }, timeoutSeconds: 9 });
    const userData = renderUserData({ version: 'v1.34.2+k3s1', mirror: 'https://m.example', architecture: 'amd64' });

    expect(complaints(command, 'sh')).toBe('');
    expect(complaints(userData, 'bash')).toBe('');
  });

  it('finds nothing in the user data of a first server, behind its variables', () => {
    const variables = assignments({ ...RELEASE, ROLE: 'server', NODE_NAME: 'n', FOUNDING: 'k', CONFIG: 'a: 1\n' });

    expect(complaints(variables + foundingText(), 'bash')).toBe('');
  });
});
