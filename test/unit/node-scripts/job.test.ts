/** The job runner under a real sh and bash, in a folder instead of a machine. No fakes but a `df` for the full disk. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../../support/patience.js';
import { isRunning, NEVER_S, TestNode, until } from './support/node.js';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
});
afterEach(() => node.destroy());

/** Counts how often the script itself began. */
const COUNT = 'echo once >>"$R/runs"';
/** Seconds that no test waits for: what sleeps so long is ended. */
const LONG = 3_600;
const logOf = (id: string) =>
  existsSync(node.jobFile(id, 'log')) ? readFileSync(node.jobFile(id, 'log'), 'utf8') : '';
const runs = () => node.read('runs').trim().split('\n').length;

describe('a job', () => {
  it('reports its outcome, results and log, and ends the command by its outcome', async () => {
    const done = await node.job('good', 'say hello; result answer 42').ended;
    const failed = await node.job('bad', "fail TeapotEmpty 'no tea' 'fill it'").ended;
    const broken = await node.job('broken', 'cat /nowhere').ended;

    expect(done.code).toBe(0);
    expect(done.job).toEqual({
      jobId: 'good',
      outcome: 'done',
      exitCode: 0,
      result: { answer: '42' },
      logTail: 'hello',
    });
    expect(failed.code).toBe(1);
    expect(failed.job).toMatchObject({ outcome: 'failed', exitCode: 1, result: { code: 'TeapotEmpty' } });
    expect(failed.job.logTail).toBe('error: no tea (fill it)');
    expect(broken.job.logTail).toMatch(/cat: .*\nerror: stopped with exit 1 at line \d+: cat \/nowhere/);
  });

  it('keeps its result: a second send of the id gives the same and runs nothing', async () => {
    await node.job('twice', `${COUNT}; result n 1`).ended;

    const again = await node.job('twice', `${COUNT}; result n 2`).ended;

    expect(again.job).toMatchObject({ outcome: 'done', result: { n: '1' } });
    expect(runs()).toBe(1);
  });

  it('is attached to by a second send while it runs', async () => {
    const body = `${COUNT}; until [ -e "$R/go" ]; do sleep 0.02; done; result n 1`;
    const first = node.job('shared', body);
    await until(() => node.has('runs'));
    const second = node.job('shared', body);
    node.write('go', '');

    const ends = await Promise.all([first.ended, second.ended]);

    expect(ends.map((end) => end.job.result)).toEqual([{ n: '1' }, { n: '1' }]);
    expect(runs()).toBe(1);
  });

  it('runs once when many send it at the same moment', async () => {
    const sends = Array.from({ length: 6 }, () => node.job('raced', `${COUNT}; sleep 0.1`).ended);

    const ends = await Promise.all(sends);

    expect(ends.map((end) => end.job.outcome)).toEqual(Array(6).fill('done'));
    expect(runs()).toBe(1);
  });

  it('outlives the command that sent it, killed with its whole group as an agent would', async () => {
    const first = node.job('orphan', `${COUNT}; until [ -e "$R/go" ]; do sleep 0.02; done; result survived yes`);
    await until(() => node.has('runs'));
    process.kill(-(first.child.pid ?? 0), 'SIGKILL');
    await first.ended;
    node.write('go', '');

    const second = await node.job('orphan', COUNT).ended;

    expect(second.job).toMatchObject({ outcome: 'done', result: { survived: 'yes' } });
    expect(runs()).toBe(1);
  });

  it('keeps its folder to root, with the URLs gone at its end', async () => {
    const url = 'https://bucket.example/key?X-Amz-Signature=abcdef';
    await node.job('private', 'url TOKEN_PUT; say "$url"', { urls: { TOKEN_PUT: url } }).ended;
    const folder = dirname(node.jobFile('private', 'log'));

    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(node.jobFile('private', 'script')).mode & 0o777).toBe(0o600);
    for (const file of ['sealed', 'secrets']) expect(existsSync(node.jobFile('private', file))).toBe(false);
    for (const file of ['script', 'log'])
      expect(readFileSync(node.jobFile('private', file), 'utf8')).not.toContain('abcdef');
  });
});

describe('time-out', () => {
  it('ends the script and its children, says what it waited for, and is recorded', async () => {
    // Prepare
    node.stopClock();
    const body = `sleep ${LONG} & echo $! >"$R/child"; waiting "godot"; sleep ${LONG}`;

    // Act
    const job = node.job('slow', body, { timeoutSeconds: NEVER_S });
    await until(() => logOf('slow').includes('waiting for: godot'));
    node.timeIsUp();
    const end = await job.ended;

    // Assess
    expect(end.code).toBe(1);
    expect(end.job).toMatchObject({ outcome: 'timed-out', exitCode: 143 });
    expect(end.job.logTail).toContain('ended while waiting for: godot');
    expect(isRunning(Number(node.read('child')))).toBe(false);
  });

  it('kills, after the grace, those that ignore TERM', async () => {
    // Prepare
    node.stopClock();
    const deaf = `bash -c 'trap "" TERM; echo $$ >"$KEELSON_ROOT/child"; for i in $(seq ${10 * LONG}); do sleep 0.1; done'`;

    // Act
    const job = node.job('deaf', `${deaf} & wait`, { timeoutSeconds: NEVER_S });
    await until(() => node.has('child') && node.read('child') !== '');
    node.timeIsUp();
    const end = await job.ended;

    // Assess
    expect(end.job.outcome).toBe('timed-out');
    expect(isRunning(Number(node.read('child')))).toBe(false);
  });

  it('holds for a script whose supervisor was killed', async () => {
    // Prepare
    const first = node.job('unwatched', `${COUNT}; sleep ${LONG}`);
    await until(() => node.has('runs'));
    const [script, started, deadline] = ['pid', 'started', 'deadline'].map((file) =>
      Number.parseInt(readFileSync(node.jobFile('unwatched', file), 'utf8'), 10),
    );

    // Act
    node.killSupervisor('unwatched', 'alone');
    writeFileSync(node.jobFile('unwatched', 'deadline'), '1\n');
    const end = await first.ended;

    // Assess
    expect(deadline).toBe((started ?? 0) + PATIENCE_MS / 1_000);
    expect(end.job.outcome).toBe('timed-out');
    expect(isRunning(script ?? 0)).toBe(false);
  });
});

describe('interrupted', () => {
  it('is what a reboot in the middle makes of a job; its script is not run again', async () => {
    const first = node.job('cut', `${COUNT}; sleep ${LONG}`);
    await until(() => node.has('runs'));
    node.killSupervisor('cut', 'with its script');
    process.kill(-(first.child.pid ?? 0), 'SIGKILL');
    await first.ended;
    node.bootId('boot-2');

    const second = await node.job('cut', COUNT).ended;
    const third = await node.job('cut', COUNT).ended;

    expect(second.job).toMatchObject({ outcome: 'interrupted', exitCode: null });
    expect(third.job.outcome).toBe('interrupted');
    expect(runs()).toBe(1);
  });

  it('is not mistaken for life by a pid that was given to a stranger', async () => {
    node.write('var/lib/keelson/jobs/reused/boot', 'boot-1');
    for (const file of ['owner', 'pid']) {
      writeFileSync(node.jobFile('reused', file), `${process.pid} 12345 boot-1`);
    }

    const end = await node.job('reused', COUNT).ended;

    expect(end.job.outcome).toBe('interrupted');
    expect(node.has('runs')).toBe(false);
  });

  it('is what a shutdown leaves, whatever the script returned', async () => {
    const first = node.job('shutdown', `${COUNT}; sleep ${LONG}`);
    const leaders = () =>
      ['owner', 'pid']
        .map((file) => node.jobFile('shutdown', file))
        .filter((file) => existsSync(file) && readFileSync(file, 'utf8') !== '');
    await until(() => node.has('runs') && leaders().length === 2);
    for (const file of leaders()) endGroup(Number.parseInt(readFileSync(file, 'utf8'), 10));

    const end = await first.ended;

    expect(end.job).toMatchObject({ outcome: 'interrupted', exitCode: null });
  });
});

describe('locks', () => {
  const LOGGED = 'echo "in $KEELSON_JOB" >>"$R/order"; sleep 0.3; echo "out $KEELSON_JOB" >>"$R/order"';
  const order = () =>
    node
      .read('order')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);

  it('keep two jobs of one name apart', async () => {
    const ends = await Promise.all(['a', 'b', 'c'].map((id) => node.job(id, LOGGED).ended));

    expect(ends.map((end) => end.job.outcome)).toEqual(['done', 'done', 'done']);
    expect(order()).toEqual(['in', 'out', 'in', 'out', 'in', 'out']);
  });

  it('leave jobs of other names, or of none, side by side', async () => {
    const meets = (mine: string, other: string) => `: >"$R/${mine}"; until [ -e "$R/${other}" ]; do sleep 0.02; done`;

    const ends = await Promise.all([
      node.job('left', meets('l', 'm'), { lock: 'one' }).ended,
      node.job('middle', meets('m', 'r'), { lock: 'two' }).ended,
      node.job('right', meets('r', 'l'), { lock: '' }).ended,
    ]);

    expect(ends.map((end) => end.job.outcome)).toEqual(['done', 'done', 'done']);
  });

  it('of a dead owner, or of another boot, are taken over', async () => {
    const locks = 'var/lib/keelson/locks/node';
    node.write(`${locks}/000000001,${process.pid},12345,boot-1`, 'job dead');
    node.write(`${locks}/000000002,1,1,boot-0`, 'job of another boot');

    const end = await node.job('next', 'say free').ended;

    expect(end.job).toMatchObject({ outcome: 'done', logTail: 'free' });
  });

  it('are named, with their holder, by a job that waits in vain', async () => {
    const holder = node.job('holder', 'until [ -e "$R/go" ]; do sleep 0.02; done');
    await until(() => existsSync(node.jobFile('holder', 'pid')));
    await until(() => existsSync(node.path('var/lib/keelson/locks/node')));

    node.stopClock();
    const waiter = node.job('waiter', COUNT, { timeoutSeconds: NEVER_S });
    await until(() => logOf('waiter').includes('waiting for'));
    node.timeIsUp();
    const end = await waiter.ended;
    node.write('go', '');
    await holder.ended;

    expect(end.job.outcome).toBe('timed-out');
    expect(end.job.logTail).toContain('waiting for: the lock node, held by job holder');
    expect(node.has('runs')).toBe(false);
  });
});

describe('report', () => {
  it('stays under 20,000 characters and ends with the end of the log', async () => {
    const body =
      'for i in $(seq 3000); do say "line $i xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; result "k$i" "$RANDOM$RANDOM$RANDOM"; done';

    const end = await node.job('loud', body).ended;

    expect(end.stdout.length).toBeLessThan(20_000);
    expect(end.job.logTail.split('\n')).toHaveLength(60);
    expect(end.job.logTail).toMatch(/line 3000 x+$/);
    expect(end.job.result['truncated']).toBe('true');
  });

  it('has room for the nodes of a cluster of a thousand', async () => {
    const body =
      'for i in $(seq 1000); do result "node.large-workers-$i-g1" "True,-,v1.34.2+k3s1,true,10.0.$((i / 250)).$((i % 250)),-"; done';

    const end = await node.job('large', body).ended;

    expect(end.stdout.length).toBeLessThan(20_000);
    expect(Object.keys(end.job.result)).toHaveLength(1_000);
    expect(end.job.result['node.large-workers-1000-g1']).toBe('True,-,v1.34.2+k3s1,true,10.0.4.0,-');
  });

  it('masks presigned URLs, tokens and the contents of token files', async () => {
    node.write('etc/rancher/k3s/server-token', 'c0ffee00c0ffee00c0ffee00c0ffee00');
    const plain = 'http://127.0.0.1:1/b/k?secret=tell-nobody';
    const body = [
      'url TOKEN_PUT; say "put to $url now"',
      'say "Location: https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA&X-Amz-Signature=0123456789"',
      `say "token K10${'a'.repeat(64)}::server:hush-hush"`,
      'say "short c0ffee00c0ffee00c0ffee00c0ffee00 twice c0ffee00c0ffee00c0ffee00c0ffee00"',
    ].join('\n');

    const end = await node.job('secretive', body, { urls: { TOKEN_PUT: plain } }).ended;

    expect(end.job.logTail).toBe(
      ['put to <masked> now', 'Location: <masked>', 'token <masked>', 'short <masked> twice <masked>'].join('\n'),
    );
    expect(readFileSync(node.jobFile('secretive', 'log'), 'utf8')).not.toMatch(/tell-nobody|AKIA|hush|c0ffee/);
  });

  it('masks the log of an interrupted job too, and leaves no URL behind', async () => {
    const urls = { TOKEN_GET: 'http://127.0.0.1:1/b/k?secret=tell-nobody' };
    const first = node.job('leaky', `url TOKEN_GET; say "get $url"; ${COUNT}; sleep ${LONG}`, { urls });
    await until(() => node.has('runs'));
    node.killSupervisor('leaky', 'with its script');
    await first.ended;

    const second = await node.job('leaky', COUNT, { urls: { TOKEN_GET: 'http://127.0.0.1:1/other?x=y' } }).ended;

    expect(second.job).toMatchObject({ outcome: 'interrupted', logTail: 'get <masked>' });
    expect(existsSync(node.jobFile('leaky', 'secrets'))).toBe(false);
  });
});

describe('a full disk', () => {
  it('is reported as such, records nothing, and the same id runs when there is room again', async () => {
    node.program('df', '#!/bin/sh\nprintf "h\\n/dev/x 100 100 0 100%% /\\n"\n');
    node.write('var/lib/keelson/jobs', 'a file where the folder should be');

    const full = await node.job('later', COUNT).ended;
    node.program('df', '#!/bin/sh\nPATH=/usr/bin:/bin exec df "$@"\n');
    rmSync(node.path('var/lib/keelson/jobs'));
    const later = await node.job('later', COUNT).ended;

    expect(full.code).toBe(1);
    expect(full.job).toMatchObject({ outcome: 'failed', result: { code: 'DiskFull' } });
    expect(later.job.outcome).toBe('done');
  });

  it('is seen in what a script could not write', async () => {
    const end = await node.job('fills', 'echo "cp: x: No space left on device" >&2; exit 1').ended;

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'DiskFull' } });
  });
});

describe('old jobs', () => {
  it('are swept when they have ended, more than a week ago; those that run never', async () => {
    const days = (n: number) => new Date(Date.now() - n * 86_400_000);
    const folder = (id: string, files: Record<string, string>, age: number) => {
      mkdirSync(dirname(node.jobFile(id, 'x')), { recursive: true });
      for (const [file, text] of Object.entries(files)) writeFileSync(node.jobFile(id, file), text);
      utimesSync(dirname(node.jobFile(id, 'x')), days(age), days(age));
    };
    folder('ended-old', { exit: 'done 0', boot: 'boot-1' }, 9);
    folder('ended-lately', { exit: 'done 0', boot: 'boot-1' }, 2);
    folder('runs-long', { boot: 'boot-1' }, 30);
    folder('died-with-its-boot', { boot: 'boot-0' }, 30);

    await node.job('sweeper', 'true').ended;

    const left = ['ended-old', 'ended-lately', 'runs-long', 'died-with-its-boot', 'sweeper'].filter((id) =>
      node.has(`var/lib/keelson/jobs/${id}`),
    );
    expect(left).toEqual(['ended-lately', 'runs-long', 'sweeper']);
  });
});

/** A group that has ended already is no fault: a supervisor that is told to end ends its script's. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
