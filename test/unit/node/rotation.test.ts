/** What a node takes over of a rotation, under a real bash. Fakes: systemctl, journalctl, the k3s binary. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestNode } from './support/node.js';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.installK3s();
  node.write('fake/nodes', 'shop-server-0-g1   True   True   v1.34.2+k3s1   <none>   10.0.0.1\n');
});
afterEach(() => node.destroy());

const start = (more: Record<string, string> = {}) =>
  node.script('service-start', {
    ROLE: 'server',
    NODE_NAME: 'shop-server-0-g1',
    CONFIG_B64: Buffer.from('node-name: "shop-server-0-g1"\n').toString('base64'),
    CONFIG_HASH: 'hash-1',
    RESTART: 'true',
    ...more,
  });
const calls = () =>
  node.calls().filter((call) => /^(systemctl (stop|start|restart)|k3s certificate rotate)/.test(call));

describe('rotation of certificates', () => {
  const rotated = { ROTATE: 'certificates', ROTATION_REF: 't7' };

  it('stops K3s, lets it remove its certificates, and starts it', async () => {
    await start();
    node.write('var/lib/rancher/k3s/server/tls-1764000000/client-admin.key', 'old');
    const before = calls().length;

    const end = await start(rotated);

    expect(end.job.outcome).toBe('done');
    expect(calls().slice(before)).toEqual([
      'systemctl stop k3s',
      'k3s certificate rotate',
      'systemctl start --no-block k3s',
    ]);
    expect(node.has('var/lib/rancher/k3s/server/tls-1764000000'), 'no old key is kept').toBe(false);
  });

  it('is done once: a repetition only restarts, another rotation begins again', async () => {
    await start(rotated);
    await start(rotated);
    expect(calls().filter((call) => call === 'k3s certificate rotate')).toHaveLength(1);

    await start({ ...rotated, ROTATION_REF: 't8' });
    expect(calls().filter((call) => call === 'k3s certificate rotate')).toHaveLength(2);
  });

  it('starts K3s again as it was when it is refused, and says why', async () => {
    await start();
    node.write('fake/certificate-rotate', 'level=fatal msg="service foo is not recognized"\n');

    const end = await start(rotated);

    expect(end.job.result).toMatchObject({ code: 'RotationFailed' });
    expect(end.job.logTail).toContain('service foo is not recognized');
    expect(calls().at(-1)).toBe('systemctl start --no-block k3s');
  });
});
