/**
 * What the second machine backend expects of a host command, as hosts/README.md promises it: tried on the fake in the ordinary suite, and
 * on the real command by `npm run test:real`, so that the fake cannot drift from what it stands for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callHost } from '../../packages/aws-simulator/src/hosts/command.js';

export interface ContractSubject {
  command: string;
  /** Of a host that no one else has. */
  address: string;
}

/** Registers the tests; each makes a host of its own and takes it away. @param subject asked when a test begins */
export function describeHostContract(subject: () => ContractSubject): void {
  const call = (args: string[], input?: string) => callHost(subject().command, args, input).finished;
  const exec = (id: string, script: string, ...options: string[]) => call(['exec', id, ...options], script);

  async function withHost(userData: string | null, work: (id: string) => Promise<void>): Promise<void> {
    const id = `i-contract${process.pid}`;
    const dir = mkdtempSync(join(tmpdir(), 'keelson-contract-'));
    const file = join(dir, 'user-data');
    writeFileSync(file, userData ?? '', { mode: 0o700 });
    try {
      const { address } = subject();
      const more = userData === null ? [] : ['--user-data', file];
      expect(await call(['up', id, address, ...more, '--hostname', 'contract-host'])).toMatchObject({ exitCode: 0 });
      await work(id);
    } finally {
      await call(['rm', id]);
      rmSync(dir, { recursive: true, force: true });
    }
  }

  describe('exec', () => {
    it('keeps output streams and exit code, and gives the script no input', async () => {
      await withHost(null, async (id) => {
        const script = 'echo out\necho err >&2\ncat\nread -r line || echo none\nexit 7\n';
        expect(await exec(id, script)).toMatchObject({ exitCode: 7, stdout: 'out\nnone\n', stderr: 'err\n' });
      });
    });

    it('ends a script at its time limit with exit code 124', async () => {
      await withHost(null, async (id) => {
        const ran = await exec(id, 'echo begun\nexec sleep 60\n', '--timeout', '1');
        expect(ran).toMatchObject({ exitCode: 124, stdout: 'begun\n' });
      });
    });

    it('knows a home and the programs of an ordinary shell', async () => {
      await withHost(null, async (id) => {
        const ran = await exec(id, '[ -d "$HOME" ] && [ -w "$HOME" ] && command -v curl >/dev/null && echo well\n');
        expect(ran.stdout).toBe('well\n');
      });
    });
  });

  describe('stop, start and kill', () => {
    it('keep the disk; what is down runs no script', async () => {
      await withHost(null, async (id) => {
        await exec(id, 'echo kept >"$HOME/trace"\n');
        for (const down of ['stop', 'kill']) {
          expect(await call([down, id])).toMatchObject({ exitCode: 0 });
          expect((await exec(id, 'exit 0\n')).exitCode).toBe(255);
          expect(await call(['start', id])).toMatchObject({ exitCode: 0 });
        }
        expect((await exec(id, 'cat "$HOME/trace"\n')).stdout).toBe('kept\n');
      });
    });
  });

  describe('user data', () => {
    it('runs once a disk', async () => {
      // Not below /tmp, which a boot empties; with our pid, for on a fake the file system is everybody's.
      const trace = `/var/tmp/keelson-contract-trace-${process.pid}`;
      const userData = `#!/bin/bash\nset -e\necho ran >>${trace}\n`;
      const read = `cat ${trace} 2>/dev/null\n`;
      await withHost(userData, async (id) => {
        await expect.poll(async () => (await exec(id, read)).stdout, { timeout: 30_000 }).toBe('ran\n');
        await call(['stop', id]);
        await call(['start', id]);
        await exec(id, `echo again >>${trace}\n`);
        expect((await exec(id, read)).stdout).toBe('ran\nagain\n');
        await exec(id, `rm -f ${trace}\n`);
      });
    });
  });

  describe('rm', () => {
    it('takes the host away with its disk, also while it runs; its name and address are free again', async () => {
      await withHost(null, async (id) => {
        await exec(id, 'echo old >"$HOME/trace"\n');
        expect(await call(['rm', id])).toMatchObject({ exitCode: 0 });
        expect((await exec(id, 'exit 0\n')).exitCode).not.toBe(0);
        expect(await call(['up', id, subject().address])).toMatchObject({ exitCode: 0 });
        expect((await exec(id, '[ ! -e "$HOME/trace" ] && echo fresh\n')).stdout).toBe('fresh\n');
      });
    });
  });
}
