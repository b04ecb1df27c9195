/** What a year leaves on a node: nightly stops with a snapshot, monthly upgrades, a pulse each minute. Under a real bash; K3s and the SSM agent are fake. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestNode } from './support/node.js';

const JOBS = 'var/lib/keelson/jobs';
const DATA = 'var/lib/rancher/k3s/data';
const SSM = 'var/lib/amazon/ssm/i-1/document';
const SNAPSHOTS = 'var/lib/rancher/k3s/server/db/snapshots';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.installK3s();
  node.write('fake/nodes', 'shop-server-0-g1   True   True   v1.34.2+k3s1   <none>   10.0.0.1\n');
});
afterEach(() => node.destroy());

const count = (path: string): number => (existsSync(node.path(path)) ? readdirSync(node.path(path)).length : 0);

/** As old as the hours say, so that what comes first is the oldest. */
function make(path: string, files: Record<string, string>, hoursAgo: number): void {
  mkdirSync(node.path(path), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(node.path(path, name), text);
  const at = new Date(Date.now() - hoursAgo * 3_600_000);
  utimesSync(node.path(path), at, at);
}

/** A new version unpacks itself beside the one before. [k3s source: cmd/k3s, extract] */
function unpack(version: string): string {
  const name = createHash('sha256').update(version).digest('hex');
  make(`${DATA}/${name}/bin`, { k3s: version }, 0);
  const point = (link: string, target: string) => {
    rmSync(node.path(DATA, link), { force: true });
    symlinkSync(target, node.path(DATA, link));
  };
  if (previous !== null) point('previous', node.path(DATA, previous));
  point('current', node.path(DATA, name));
  previous = name;
  return name;
}
let previous: string | null;
beforeEach(() => {
  previous = null;
});

const start = (hash: string) =>
  node.script('service-start', {
    ROLE: 'server',
    NODE_NAME: 'shop-server-0-g1',
    CONFIG_B64: Buffer.from('node-name: x\n').toString('base64'),
    CONFIG_HASH: hash,
  });
/** Each with a stop, which saves a snapshot. */
const NIGHTS = 30;
const snapshot = () => node.script('snapshot', { SNAPSHOT_NAME: 'keelson' });

describe('a year on a node', () => {
  it('leaves as many folders of jobs, commands, versions and snapshots as a month', async () => {
    // Prepare: what is not a version of K3s's stays
    mkdirSync(node.path(DATA, 'cni'), { recursive: true });
    const counts: number[][] = [];
    const left: string[][] = [];
    // Act
    for (let month = 0; month < 12; month += 1) {
      for (let n = 0; n < 100; n += 1)
        make(`${JOBS}/m${month}-${n}`, { exit: 'done 0', boot: 'boot-1' }, (12 - month) * 2 - n / 100);
      for (let n = 0; n < 400; n += 1) {
        make(`${SSM}/orchestration/m${month}-${n}`, { stdout: '' }, (12 - month) * 2 - n / 400);
        make(`${SSM}/state/completed`, { [`m${month}-${n}`]: '{}' }, 0);
      }
      const name = unpack(`v1.34.${month}+k3s1`);
      expect((await start(`hash-${month}`)).job.outcome).toBe('done');
      for (let night = 0; night < NIGHTS; night += 1) expect((await snapshot()).job.outcome).toBe('done');
      counts.push([JOBS, `${SSM}/orchestration`, `${SSM}/state/completed`, SNAPSHOTS].map(count));
      left.push(readdirSync(node.path(DATA)).filter((one) => one.length === 64 && one !== name));
    }
    // Assess: of jobs one may have begun behind the sweep
    for (const [jobs, commands, records, snapshots] of counts) {
      expect(jobs).toBeLessThanOrEqual(402);
      expect(commands).toBeLessThanOrEqual(1_500);
      expect(records).toBeLessThanOrEqual(1_500);
      expect(snapshots).toBeLessThanOrEqual(2);
    }
    expect(left.map((names) => names.length)).toEqual([0, ...Array.from({ length: 11 }, () => 1)]);
    expect(existsSync(node.path(DATA, 'cni'))).toBe(true);
  });

  it('removes no version while it does not know which one runs', async () => {
    unpack('v1.34.1+k3s1');
    unpack('v1.34.2+k3s1');
    unpack('v1.34.3+k3s1');
    rmSync(node.path(DATA, 'current'));

    await start('hash-1');

    expect(readdirSync(node.path(DATA)).filter((one) => one.length === 64)).toHaveLength(3);
  });
});
