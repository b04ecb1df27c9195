/** The record is the only witness of what runs on paper: benchmarks count by it what ran twice. */
import { afterEach, expect, it } from 'vitest';
import { renderCommand } from '#src/node-scripts/render.js';
import { createPaperHost } from '../../../../packages/aws-simulator/src/paper/host.js';
import { type RegionFixture, startRegionFixture } from '../machine/fixture.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

it('a job on paper is begun once, however often it is sent, and another job of the same work once more', async () => {
  // Prepare
  fixture = await startRegionFixture({}, createPaperHost);
  const machine = await fixture.launch('a');
  const send = (jobId: string) => {
    const command = renderCommand({ jobId, script: 'uninstall', params: { ROLE: 'server' }, timeoutSeconds: 30 });
    return machine.runScript('', command, 30, { stdout: 24_000, stderr: 8_000 }).finished;
  };

  // Act
  await Promise.all([send('job-1'), send('job-1')]);
  await send('job-1');
  await send('job-2');

  // Assess
  const said = fixture.world.record.notes.filter(({ kind }) => kind.startsWith('script-'));
  const about = { instanceId: machine.id, script: 'uninstall', lock: 'node', params: expect.any(String) };
  expect(said.map(({ kind, data }) => ({ kind, ...data }))).toEqual([
    { kind: 'script-began', ...about, job: 'job-1' },
    { kind: 'script-ended', ...about, job: 'job-1', outcome: 'done' },
    { kind: 'script-began', ...about, job: 'job-2' },
    { kind: 'script-ended', ...about, job: 'job-2', outcome: 'done' },
  ]);
  expect(new Set(said.map(({ data }) => data['params'])).size).toBe(1);
});
