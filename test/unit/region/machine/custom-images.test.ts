/** Machines whose image lacks a program, and what the scripts of Keelson report there. */
import { afterEach, describe, expect, it } from 'vitest';
import { renderCommand, renderUserData } from '#src/node-scripts/render.js';
import { imagesOf, MAY_LACK } from '../../../../packages/aws-simulator/src/ec2/images.js';
import { type RegionFixture, startRegionFixture, until } from './fixture.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

const idOf = (program: string): string =>
  imagesOf('eu-west-1').find(({ name }) => name === `without-${program}-x86_64`)?.id ?? '';

const KEEP = { stdout: 100_000, stderr: 100_000 };

const INSTALL = renderCommand({
  jobId: 'install-1',
  timeoutSeconds: 20,
  script: 'install',
  params: { ROLE: 'server', K3S_VERSION: 'v1.34.2+k3s1', K3S_MIRROR: 'http://127.0.0.1:9', ARCH: 'amd64' },
});

describe('an image that lacks a program', () => {
  it.each(MAY_LACK.filter((one) => one !== 'amazon-ssm-agent'))('makes the install name it: %s', async (program) => {
    // Prepare
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a', { imageId: idOf(program), region: 'eu-west-1' });
    // Act
    const { stdout } = await machine.runScript('job', INSTALL, 60, KEEP).finished;
    // Assess
    expect(stdout).toMatch(/^code=ToolMissing$/m);
    expect(stdout).toMatch(new RegExp(`this image lacks:.* ${program}\\b`));
  });

  it('keeps the machine up where it is the bash of user data', async () => {
    fixture = await startRegionFixture();
    const userData = renderUserData({ version: 'v1.34.2+k3s1', mirror: 'http://127.0.0.1:9', architecture: 'amd64' });
    const machine = await fixture.launch('a', { imageId: idOf('bash'), region: 'eu-west-1', userData });
    const exits = () =>
      fixture.world.record.notes.filter(({ kind }) => kind === 'user-data').map(({ data }) => data['exitCode']);
    await until(() => exits().length > 0);
    expect(exits()).toEqual([127]);
    expect(machine.agent.online).toBe(true);
  });
});

describe('an image that carries K3s', () => {
  it('spares the node the download', async () => {
    // Prepare: no one answers at the mirror.
    fixture = await startRegionFixture();
    const id = imagesOf('eu-west-1').find(
      ({ carries, architecture }) => carries !== null && architecture === 'x86_64',
    )?.id;
    const machine = await fixture.launch('a', { imageId: id ?? '', region: 'eu-west-1' });
    // Act
    const { stdout } = await machine.runScript('job', INSTALL, 60, KEEP).finished;
    // Assess
    expect(stdout).toMatch(/^version=v1\.34\.2\+k3s1$/m);
  });
});
