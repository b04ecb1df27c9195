import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachineHost } from '../../../packages/aws-simulator/src/machine/host.js';
import { launchOne } from './ec2/launch-one.js';
import { startTestRegion, type TestRegion } from './local-region.js';

const sum = (bytes: ArrayBuffer) => createHash('sha256').update(Buffer.from(bytes)).digest('hex');

describe('the mirror', () => {
  let region: TestRegion;

  beforeEach(async () => {
    region = await startTestRegion({ createHost: createMachineHost });
  });
  afterEach(() => region.close());

  const get = (path: string) => fetch(`${region.url}/_mirror/${path}`);

  it.each([
    ['v1.34.2+k3s1', 'k3s', 'sha256sum-amd64.txt'],
    ['v1.34.2%2Bk3s1', 'k3s-arm64', 'sha256sum-arm64.txt'],
  ])('serves the binary of %s as %s, with its checksum', async (version, name, sums) => {
    // Act
    const binary = await (await get(`${version}/${name}`)).arrayBuffer();
    const listed = await (await get(`${version}/${sums}`)).text();

    // Assess
    expect(Buffer.from(binary).toString('utf8')).toContain('v1.34.2+k3s1');
    expect(listed).toBe(`${sum(binary)}  ${name}\n`);
  });

  it('has one version whose checksum does not fit, and none of what it has not', async () => {
    const binary = await (await get('v1.34.2+k3s99/k3s')).arrayBuffer();
    expect(await (await get('v1.34.2+k3s99/sha256sum-amd64.txt')).text()).not.toContain(sum(binary));
    expect((await get('v9.9.9+k3s1/k3s')).status).toBe(404);
    expect((await get('v1.34.2+k3s1/nonsense')).status).toBe(404);
  });

  it.runIf(process.platform === 'linux')('knows which instance downloads', async () => {
    // Prepare
    const url = `${region.url}/_mirror/v1.34.2+k3s1/k3s`;
    const script = `#!/bin/sh\ncurl --fail --silent --output "$KEELSON_ROOT/tmp/k3s" '${url}'\n`;

    // Act
    const id = await launchOne(region, {}, { UserData: Buffer.from(script).toString('base64') });
    const file = join(region.dir, 'instances', id, 'root/tmp/k3s');
    await expect.poll(() => existsSync(file)).toBe(true);

    // Assess
    const boot = region.world.lastSpan(id, 'boot');
    expect(region.world.lastSpan(id, 'download')).toMatchObject({ note: 'v1.34.2+k3s1', after: [boot?.id] });
  });
});
