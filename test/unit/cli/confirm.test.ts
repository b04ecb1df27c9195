import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from '#src/cli/confirm.js';
import type { Io } from '#src/cli/io.js';
import { captured } from './io.js';

const question = { what: 'delete shop', word: 'shop', withYes: 'keelson delete shop --yes' };

/** A terminal with a person at it. */
function terminal(): { io: Io; stdin: PassThrough; interrupt: () => void; stderr: () => string } {
  const { io, read } = captured();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const interrupted = new AbortController();
  Object.assign(io.stderr, { isTTY: true });
  return {
    io: { ...io, stdin, signal: interrupted.signal },
    stdin,
    interrupt: () => interrupted.abort(),
    stderr: () => read().stderr,
  };
}

describe('a question before something is destroyed', () => {
  it.each(['shop\n', '  shop \r\n'])('is answered by its word: %j', async (answer) => {
    const { io, stdin, stderr } = terminal();
    stdin.write(answer);
    await confirm(io, question);
    expect(stderr()).toBe('Type shop to delete shop: ');
  });

  it.each(['\n', 'y\n', 'yes\n', 'shopp\n', 'SHOP\n'])('is refused by another answer: %j', async (answer) => {
    const { io, stdin } = terminal();
    stdin.write(answer);
    await expect(confirm(io, question)).rejects.toMatchObject({
      exitCode: 4,
      message: 'nothing is done: the answer was not shop',
    });
  });

  it('is refused by the end of the input', async () => {
    const { io, stdin } = terminal();
    stdin.end();
    await expect(confirm(io, question)).rejects.toMatchObject({ exitCode: 4 });
  });

  it('ends with 130 on Ctrl-C', async () => {
    const { io, interrupt } = terminal();
    const asked = confirm(io, question);
    interrupt();
    await expect(asked).rejects.toMatchObject({ exitCode: 130, message: 'interrupted: nothing is done' });
  });

  it('is not asked where there is no terminal: exit 2, with the command line that says it', async () => {
    await expect(confirm(captured({ stdin: 'shop\n' }).io, question)).rejects.toMatchObject({
      exitCode: 2,
      hint: 'keelson delete shop --yes',
    });
  });
});
