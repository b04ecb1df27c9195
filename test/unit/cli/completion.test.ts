import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { run } from './io.js';

/** What bash would offer after these words. */
async function offered(words: string[]): Promise<string[]> {
  const { stdout } = await run(['completion', 'bash']);
  const script = `${stdout}
keelson() { [[ "$*" == "list -o name" ]] && printf 'shop\\n'; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_keelson; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout: replies, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return replies.trim().split('\n');
}

describe('completion', () => {
  it.each([
    { words: ['keelson', 'st'], offers: ['status', 'stop', 'start'] },
    { words: ['keelson', 're'], offers: ['resize', 'resume', 'retry', 'repair', 'restore'] },
    { words: ['keelson', 'apply', '--w'], offers: ['--wait'] },
    { words: ['keelson', 'events', 'shop', '--w'], offers: ['--watch', '--warnings'] },
    { words: ['keelson', 'repair', ''], offers: ['shop'] },
    { words: ['keelson', 'list', '-o', ''], offers: ['json', 'yaml', 'wide', 'name'] },
    { words: ['keelson', 'list', '--health', 'D'], offers: ['Degraded'] },
    { words: ['keelson', 'list', '--phase', 'Ru'], offers: ['Running'] },
    { words: ['keelson', 'completion', 'z'], offers: ['zsh'] },
    { words: ['keelson', 'apply', '-f', 'exa'], offers: ['examples'] },
    { words: ['keelson', 'status', ''], offers: ['shop'] },
    { words: ['keelson', 'resize', 'shop', '--inst'], offers: ['--instance-type'] },
  ])('in bash offers $offers after $words', async ({ words, offers }) => {
    expect((await offered(words)).sort()).toEqual([...offers].sort());
  });

  it('in zsh builds on the one of bash', async () => {
    const { stdout } = await run(['completion', 'zsh']);
    expect(stdout).toMatch(/^#compdef keelson\n/);
    expect(stdout).toContain('complete -F _keelson keelson');
  });

  it('in fish knows every command and flag', async () => {
    const { stdout } = await run(['completion', 'fish']);
    expect(stdout).toContain(
      "-n __fish_use_subcommand -a apply -d 'create the cluster, or change it to match the document'",
    );
    expect(stdout).toMatch(/__fish_seen_subcommand_from resize' -l instance-type/);
  });
});
