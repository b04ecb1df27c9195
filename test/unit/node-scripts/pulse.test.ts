/** What the region watch asks servers, under a real bash. Fakes: k3s and systemctl. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderHealthProbe } from '#src/node-scripts/render.js';
import { members } from './support/members.js';
import { TestNode } from './support/node.js';

const SERVER_0 = 'shop-server-0-g1   True      True     v1.34.2+k3s1   <none>   10.0.0.1';
const SERVER_1 = 'shop-server-1-g2   True      True     v1.34.2+k3s1   <none>   10.0.0.2';
const AGENT = 'shop-w-0-g1        True      <none>   v1.34.2+k3s1   <none>   10.0.0.9';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.installK3s();
  node.write('etc/systemd/system/k3s.service', '[Unit]\n');
  node.write('etc/rancher/k3s/config.yaml', 'cluster-init: true\n');
  node.write('fake/k3s.state', 'active\n');
  node.write('fake/nodes', `${[SERVER_0, SERVER_1, AGENT].join('\n')}\n`);
});
afterEach(() => node.destroy());

const probe = () => node.start(renderHealthProbe()).ended;

describe('the pulse of a server', () => {
  it('says nothing when all is healthy, and leaves nothing behind', async () => {
    expect(await probe()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(node.has('var/lib/keelson')).toBe(false);
  });

  it('says nothing where K3s is not set up', async () => {
    for (const file of ['etc/systemd/system/k3s.service', 'etc/rancher/k3s/config.yaml']) {
      const bare = new TestNode();
      bare.write(file, '');
      const ran = await bare.start(renderHealthProbe()).ended;
      bare.destroy();
      expect(ran).toMatchObject({ code: 0, stdout: '' });
    }
  });

  it('reports a service that is down, and asks it nothing', async () => {
    node.write('fake/k3s.state', 'failed\n');
    expect(await probe()).toMatchObject({ code: 3, stdout: 'service=failed\n' });
    expect(node.calls().filter((call) => call.startsWith('k3s'))).toEqual([]);
  });

  it('names the checks that fail, or says that it cannot know', async () => {
    node.write(
      'fake/readyz',
      '[+]ping ok\n[-]etcd failed: reason withheld\n[-]informer-sync failed\nreadyz check failed\n',
    );
    const failing = await probe();
    node.write('fake/readyz', 'dial tcp 127.0.0.1:6443: connect: connection refused\n');
    const silent = await probe();
    expect(failing).toMatchObject({ code: 3, stdout: 'readyz=etcd,informer-sync\n' });
    expect(silent).toMatchObject({ code: 3, stdout: 'readyz=unknown\n' });
  });

  it('says that nodes cannot be listed by an API server that calls itself ready, and waits for no list without end', async () => {
    // Prepare
    node.remove('fake/nodes');

    // Act
    const ran = await probe();

    // Assess
    expect(ran).toMatchObject({ code: 3, stdout: 'nodes=unlisted\n' });
    const asked = node.calls().filter((call) => call.startsWith('k3s kubectl'));
    expect(asked.filter((call) => !call.includes('--request-timeout=10s'))).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it('reports an alarm of etcd beside a list that fails', async () => {
    node.remove('fake/nodes');
    node.program('curl', '#!/bin/sh\necho \'{"health":"false","reason":"ALARM CORRUPT"}\'\n');
    expect(await probe()).toMatchObject({ code: 3, stdout: 'nodes=unlisted\netcd=CORRUPT\n' });
  });

  it('reports an alarm of etcd, and nothing when etcd does not answer', async () => {
    node.program('curl', '#!/bin/sh\necho \'{"health":"false","reason":"ALARM NOSPACE"}\'\n');
    expect(await probe()).toMatchObject({ code: 3, stdout: 'etcd=NOSPACE\n' });
    node.program('curl', '#!/bin/sh\nexit 28\n');
    expect(await probe()).toMatchObject({ code: 0, stdout: '' });
  });

  it('says nothing of a server that votes by what etcd says, while K3s has not written that down yet', async () => {
    node.write(
      'fake/nodes',
      `${[SERVER_0, SERVER_1.replace('True      True', 'True      False'), AGENT].join('\n')}\n`,
    );
    node.write('var/lib/rancher/k3s/server/token', `K10${'7'.padStart(64, '0')}::server:secret\n`);
    node.write(
      'fake/members',
      members(['shop-server-0-g1-1a', '10.0.0.1', 'voter'], ['shop-server-1-g2-2b', '10.0.0.2', 'voter']),
    );

    expect(await probe()).toMatchObject({ code: 0, stdout: '' });
  });

  it('counts voters and names nodes that are not Ready', async () => {
    node.write(
      'fake/nodes',
      `${[SERVER_0, SERVER_1.replace('True      True', 'Unknown   False'), AGENT.replace('True', 'False')].join('\n')}\n`,
    );
    expect(await probe()).toMatchObject({
      code: 3,
      stdout: 'voters=1/2\nnotready=shop-server-1-g2,shop-w-0-g1\n',
    });
  });
});
