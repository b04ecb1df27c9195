import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestNode } from './support/node.js';

const TOOLS = fileURLToPath(
  new URL('../../../packages/aws-simulator/src/machine/stand-ins/volume-tools', import.meta.url),
);
const ID = 'vol-0123456789abcdef0';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
});
afterEach(() => node.destroy());

/** An empty volume that is attached to the node. @returns the file that stands for its blocks */
function volume(id = ID, link = `dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${id.replace('-', '')}`): string {
  const device = node.path('volumes', id, 'device');
  mkdirSync(dirname(device), { recursive: true });
  const file = openSync(device, 'w');
  ftruncateSync(file, 8 * 1024 * 1024);
  closeSync(file);
  mkdirSync(dirname(node.path(link)), { recursive: true });
  symlinkSync(device, node.path(link));
  return device;
}

/** Stands for the tools that need block devices; they lie where the machine's own do: beside its root. */
function tools(...names: string[]): void {
  for (const name of names) cpSync(TOOLS, node.path('test bin', name));
}

const ALL = ['blkid', 'findmnt', 'mkfs.ext4', 'mkfs.xfs', 'mount'];
const line = (path = '/mnt/data', kind = 'xfs', state = 'new') => `data ${ID} /dev/sdf ${kind} ${path} ${state}`;
const mount = (...lines: string[]) => node.script('mount-volumes', { ROLE: 'agent', VOLUMES: lines.join('\n') });

describe('mount-volumes', () => {
  it('makes a file system on an empty volume, mounts it, and lets boots and K3s wait for it', async () => {
    tools(...ALL);
    volume();

    const { job } = await mount(line());

    expect(job, job.logTail).toMatchObject({ outcome: 'done', result: { mounted: 'data', formatted: 'data' } });
    expect(node.read('etc/fstab')).toMatch(/^UUID=[0-9a-f-]{36} \/mnt\/data xfs defaults,nofail 0 2\n$/);
    expect(node.read('etc/systemd/system/k3s-agent.service.d/keelson-volumes.conf')).toBe(
      '[Unit]\nRequiresMountsFor=/mnt/data\n',
    );
  });

  it('does nothing to what it finds done', async () => {
    tools(...ALL);
    volume();
    await mount(line());
    node.write('mnt/data/rows', 'precious');
    const fstab = node.read('etc/fstab');

    const { job } = await mount(line());

    expect(job).toMatchObject({ outcome: 'done', result: { mounted: 'data', formatted: '' } });
    expect(node.read('mnt/data/rows')).toBe('precious');
    expect(node.read('etc/fstab')).toBe(fstab);
  });

  it('mounts the file system that a volume has, whatever the document names', async () => {
    tools(...ALL);
    const device = volume();
    writeFileSync(device, Buffer.concat([Buffer.from('ext4 11111111-2222\n'), Buffer.alloc(5_000_000)]));
    mkdirSync(join(dirname(device), 'data'));

    const { job } = await mount(line('/mnt/data', 'xfs', 'used'));

    expect(job).toMatchObject({ outcome: 'done', result: { formatted: '' } });
    expect(node.read('etc/fstab')).toMatch(/UUID=11111111-2222 \/mnt\/data ext4/);
  });

  it('leaves a raw volume alone', async () => {
    const device = volume();
    const before = readFileSync(device);

    const { job } = await mount(`raw ${ID} /dev/sdf - - new`);

    expect(job.outcome).toBe('done');
    expect(readFileSync(device).equals(before)).toBe(true);
  });

  it('waits for a block device that shows up late', async () => {
    tools(...ALL);

    const run = mount(line());
    await expect.poll(() => node.logs()).toMatch(/waiting for: the block device/);
    volume();

    expect((await run).job.outcome).toBe('done');
  });

  it('takes the device name on Xen, where no volume has an NVMe name', async () => {
    tools(...ALL);
    volume(ID, 'dev/xvdf');

    expect((await mount(line())).job).toMatchObject({ outcome: 'done', result: { mounted: 'data' } });
  });

  it.each([
    ['data that blkid does not know', Buffer.concat([Buffer.alloc(1_000_000), Buffer.from('rows')]), 'VolumeNotEmpty'],
    ['a kept volume that has lost its file system', Buffer.alloc(0), 'VolumeEmptied'],
  ])('formats nothing over %s', async (_, content, code) => {
    tools(...ALL);
    const device = volume();
    const bytes = Buffer.alloc(8 * 1024 * 1024);
    content.copy(bytes);
    writeFileSync(device, bytes);

    const { job } = await mount(line('/mnt/data', 'ext4', code === 'VolumeEmptied' ? 'used' : 'new'));

    expect(job).toMatchObject({ outcome: 'failed', result: { code } });
    expect(readFileSync(device).equals(bytes)).toBe(true);
  });

  it('formats nothing where blkid fails', async () => {
    tools(...ALL);
    node.program('blkid', '#!/bin/sh\nexit 4\n');
    const device = volume();

    const { job } = await mount(line());

    expect(job).toMatchObject({ outcome: 'failed', result: { code: 'VolumeNotEmpty' } });
    expect(readFileSync(device).every((byte) => byte === 0)).toBe(true);
  });

  it('hides no files under a mount', async () => {
    tools(...ALL);
    volume();
    node.write('mnt/data/rows', 'precious');

    const { job } = await mount(line());

    expect(job).toMatchObject({ outcome: 'failed', result: { code: 'MountPathInUse' } });
    expect(node.read('mnt/data/rows')).toBe('precious');
  });

  it('names the tool that the image lacks', async () => {
    volume();
    tools('blkid', 'findmnt', 'mount');
    // The machine that runs the test may have it.
    const { job } = await mount(line('/mnt/data', 'zfs'));

    expect(job).toMatchObject({ outcome: 'failed', result: { code: 'ToolMissing' } });
    expect(job.logTail).toMatch(/this image lacks: mkfs\.zfs/);
  });
});
