/** Scripts that ask or change Kubernetes, under a real bash. Fake: the k3s binary, whose answers stand in files. */
import { mkdirSync, truncateSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './support/http.js';
import { members } from './support/members.js';
import { TestNode, until } from './support/node.js';

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.installK3s();
  node.write(
    'fake/nodes',
    [
      'shop-server-0-g1   True      True     v1.34.2+k3s1   <none>   10.0.0.1            False     False     False',
      'shop-server-1-g2   Unknown   False    v1.34.2+k3s1   true     10.0.0.2,fd00::2    Unknown   Unknown   Unknown',
      'shop-w-0-g1        True      <none>   v1.34.1+k3s1   <none>   10.0.0.9            False     True      False',
      'shop-w-1-g1        True      <none>   v1.34.1+k3s1   <none>   <none>              True      True      True',
      '',
    ].join('\n'),
  );
});
afterEach(() => node.destroy());

const changes = () => node.calls().filter((call) => /^k3s kubectl (cordon|uncordon|drain|annotate|delete)/.test(call));

describe('verify', () => {
  it('reports nodes, their pressures, and voters', async () => {
    const end = await node.script('verify');

    expect(end.job.result).toEqual({
      api: 'ok',
      voters: '1',
      'node.shop-server-0-g1': 'True,True,v1.34.2+k3s1,true,10.0.0.1,-',
      'node.shop-server-1-g2': 'Unknown,False,v1.34.2+k3s1,false,10.0.0.2,-',
      'node.shop-w-0-g1': 'True,-,v1.34.1+k3s1,true,10.0.0.9,DiskPressure',
      'node.shop-w-1-g1': 'True,-,v1.34.1+k3s1,true,<none>,MemoryPressure+DiskPressure+PIDPressure',
    });
  });
});

describe('verify of an API server that is not ready', () => {
  it('waits no longer than it is told to: an observation asks once, a step for some seconds', async () => {
    // Prepare
    node.write('fake/readyz', '[-]etcd failed: reason withheld\n');

    // Act
    const end = await node.script('verify', { API_SECONDS: '0' });

    // Assess
    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'ApiUnreachable' } });
    expect(node.calls().filter((call) => call.includes('/readyz'))).toHaveLength(1);
  });
});

describe('who votes', () => {
  beforeEach(() => node.write('var/lib/rancher/k3s/server/token', `K10${'7'.padStart(64, '0')}::server:secret\n`));
  const votersOf = async () => {
    const { result } = (await node.script('verify')).job;
    const nodes = Object.entries(result).filter(([key]) => key.startsWith('node.'));
    return {
      voters: result['voters'],
      nodes: Object.fromEntries(nodes.map(([key, value]) => [key.slice('node.shop-'.length), value.split(',')[1]])),
      strays: Object.fromEntries(Object.entries(result).filter(([key]) => key.startsWith('member.'))),
    };
  };

  it('is what etcd says, where the Node condition says something older', async () => {
    node.write(
      'fake/members',
      members(['shop-server-0-g1-00aa11bb', '10.0.0.1', 'learner'], ['shop-server-1-g2-22cc33dd', '10.0.0.2', 'voter']),
    );

    expect(await votersOf()).toEqual({
      voters: '1',
      nodes: { 'server-0-g1': 'False', 'server-1-g2': 'True', 'w-0-g1': '-', 'w-1-g1': '-' },
      strays: {},
    });
  });

  it('is not a node that etcd does not list, whatever its condition says', async () => {
    node.write('fake/members', members(['shop-server-1-g2-22cc33dd', '10.0.0.2', 'voter']));

    expect(await votersOf()).toMatchObject({ voters: '1', nodes: { 'server-0-g1': 'False', 'server-1-g2': 'True' } });
  });

  it('reports members that have no Node, and finds one that has not started by its address', async () => {
    node.write(
      'fake/members',
      members(
        ['shop-server-0-g1-00aa11bb', '10.0.0.1', 'voter'],
        ['', '10.0.0.2', 'learner'],
        ['shop-server-2-g1-44ee55ff', '10.0.0.3', 'learner'],
        ['', '10.0.0.4', 'voter'],
      ),
    );

    expect(await votersOf()).toMatchObject({
      voters: '2',
      nodes: { 'server-0-g1': 'True', 'server-1-g2': 'False' },
      strays: { 'member.shop-server-2-g1': 'learner', 'member.10.0.0.4': 'voter' },
    });
  });

  it.each([
    ['etcd does not answer', null],
    [
      'K3s lists only itself, for it cannot reach its etcd',
      '{"members":[{"name":"x-1","peerURLs":["https://10.0.0.7:2380"]}]}',
    ],
    ['the answer is something else', '404 page not found\n'],
  ])('is what the Node condition says when %s', async (_, answer) => {
    if (answer !== null) node.write('fake/members', answer);

    expect(await votersOf()).toEqual({
      voters: '1',
      nodes: { 'server-0-g1': 'True', 'server-1-g2': 'False', 'w-0-g1': '-', 'w-1-g1': '-' },
      strays: {},
    });
  });

  it('is asked with the server token, which no process list shows', async () => {
    node.write('var/lib/rancher/k3s/server/token', `K10${'7'.padStart(64, '0')}::server:se"cret\n`);
    node.write('fake/password', 'se\\"cret');
    node.write('fake/members', members(['shop-server-1-g2-22cc33dd', '10.0.0.2', 'voter']));

    expect(await votersOf()).toMatchObject({ nodes: { 'server-0-g1': 'False', 'server-1-g2': 'True' } });
  });
});

describe('verify with someone to wait for', () => {
  const AWAIT = 'shop-server-0-g1 shop-server-1-g2 shop-w-0-g1';

  it('looks on the node until all are Ready and no server only learns', async () => {
    const ended = node.script('verify', { AWAIT, AWAIT_SECONDS: '20' });
    await until(() => node.logs().includes('waiting for: shop-server-1-g2'));
    node.write('fake/nodes', node.read('fake/nodes').replace('Unknown   False ', 'True      True  '));

    const end = await ended;
    expect(end.job.outcome).toBe('done');
    expect(end.job.result['node.shop-server-1-g2']).toMatch(/^True,True,/);
  });

  it('reports what it has seen when their time is over', async () => {
    const end = await node.script('verify', { AWAIT, AWAIT_SECONDS: '1' });

    expect(end.job.outcome).toBe('done');
    expect(end.job.result['node.shop-server-1-g2']).toMatch(/^Unknown,False,/);
  });
});

describe('a long job on the node', () => {
  it('holds up what changes the node, and not what looks at it', async () => {
    const long = node.job('long', 'until [ -e "$R/go" ]; do sleep 0.02; done');
    await until(() => node.has('var/lib/keelson/locks/node'));

    const looks = await Promise.all([node.script('verify'), node.script('probe', { ROLE: 'server' })]);
    const stop = node.script('service-stop', { ROLE: 'server' });
    await until(() => node.logs().includes('waiting for: the lock node, held by job long'));
    node.write('go', '');

    expect(looks.map((end) => end.job.outcome)).toEqual(['done', 'done']);
    expect((await stop).job.outcome).toBe('done');
    await long.ended;
  });
});

describe('drain', () => {
  const drain = (name: string) => node.script('drain', { NODE_NAME: name, DRAIN_TIMEOUT: '5m' });

  it('cordons, then drains with the time-out', async () => {
    const end = await drain('shop-w-0-g1');

    expect(end.job).toMatchObject({ outcome: 'done', result: { drained: 'true' } });
    expect(changes()).toEqual([
      'k3s kubectl cordon shop-w-0-g1 --request-timeout=30s',
      'k3s kubectl drain shop-w-0-g1 --ignore-daemonsets --force=false --delete-emptydir-data=false --timeout=5m',
    ]);
  });

  it('takes what the document lets it take', async () => {
    await node.script('drain', {
      NODE_NAME: 'shop-w-0-g1',
      DRAIN_TIMEOUT: '5m',
      DRAIN_FORCE: 'true',
      DRAIN_EMPTY_DIR: 'true',
    });

    expect(changes()[1]).toBe(
      'k3s kubectl drain shop-w-0-g1 --ignore-daemonsets --force=true --delete-emptydir-data=true --timeout=5m',
    );
  });

  it.each([
    {
      code: 'DrainNeedsForce',
      says: 'cannot delete Pods that declare no controller (use --force to override): a/bare-0, a/bare-1',
      names: 'pods without a controller: a/bare-0, a/bare-1 (delete or move them, or set spec.upgrade.drain.force)',
    },
    {
      code: 'DrainNeedsEmptyDir',
      says: '[cannot delete Pods with local storage (use --delete-emptydir-data to override): a/cache-0, cannot delete DaemonSet-managed Pods]',
      names: 'pods with emptyDir volumes: a/cache-0 (',
    },
  ])('names the pods that it may not take: $code', async ({ code, says, names }) => {
    node.write(
      'fake/drain',
      `error: unable to drain node "shop-w-0-g1" due to error: ${says}, continuing command...\n`,
    );

    const end = await drain('shop-w-0-g1');

    expect(end.job).toMatchObject({ outcome: 'failed', result: { drained: 'false', code } });
    expect(end.job.logTail).toContain(names);
  });

  it('says what holds a pod', async () => {
    node.write(
      'fake/drain',
      'evicting pod a/b\nerror when evicting pods/"b" -n "a" (will retry after 5s): Cannot evict pod as it would violate the pod\'s disruption budget.\n',
    );

    const end = await drain('shop-w-0-g1');

    expect(end.job).toMatchObject({
      outcome: 'failed',
      result: { drained: 'false', code: 'DrainFailed', held: 'a/b' },
    });
    expect(end.job.logTail).toContain('error: a PodDisruptionBudget holds a/b: shop-w-0-g1 is not drained after 5m');
    expect(end.job.result['reason']).toContain('disruption budget');
  });

  describe('with a first part', () => {
    const refusal = (pod: string) =>
      `error when evicting pods/"${pod}" -n "web" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\n`;
    const over = 'error: unable to drain node "shop-w-0-g1" due to error: global timeout reached: 8s\n';
    const inParts = () => node.script('drain', { NODE_NAME: 'shop-w-0-g1', DRAIN_TIMEOUT: '292s', DRAIN_FIRST: '8s' });
    const times = () => changes().flatMap((call) => /--timeout=(\S+)/.exec(call)?.[1] ?? []);

    it('names the pods that a PodDisruptionBudget holds before the time is over, and does not fail', async () => {
      // Prepare
      node.write('fake/drain', refusal('cart-0') + refusal('shop-1') + refusal('cart-0') + over);

      // Act
      const end = await inParts();

      // Assess
      expect(end.job).toMatchObject({
        outcome: 'done',
        result: { drained: 'false', held: 'web/cart-0, web/shop-1' },
      });
      expect(times()).toEqual(['8s']);
    });

    it('gives pods that only end slowly the rest of the time', async () => {
      // Prepare
      node.write('fake/drain', over);

      // Act
      const end = await inParts();

      // Assess
      expect(end.job).toMatchObject({ outcome: 'failed', result: { drained: 'false', code: 'DrainFailed' } });
      expect(times()).toEqual(['8s', '292s']);
    });

    it('does not try twice what kubectl refuses at once', async () => {
      // Prepare
      node.write('fake/drain', 'error: cannot delete Pods that declare no controller (use --force to override): a/b\n');

      // Act
      const end = await inParts();

      // Assess
      expect(end.job.result['code']).toBe('DrainNeedsForce');
      expect(times()).toEqual(['8s']);
    });
  });

  it('has nothing to do for a node that is gone', async () => {
    const end = await drain('shop-w-7-g1');

    expect(end.job).toMatchObject({ outcome: 'done', result: { drained: 'true', reason: 'NodeAbsent' } });
    expect(changes()).toEqual([]);
  });
});

describe('uncordon', () => {
  it('lets pods come back', async () => {
    expect((await node.script('uncordon', { NODE_NAME: 'shop-w-0-g1' })).job.outcome).toBe('done');
    expect(changes()).toEqual(['k3s kubectl uncordon shop-w-0-g1 --request-timeout=30s']);
  });

  it('fails for a node that is not there', async () => {
    const end = await node.script('uncordon', { NODE_NAME: 'nobody' });

    expect(end.job.result).toEqual({ code: 'NodeAbsent' });
  });
});

describe('remove-node', () => {
  it('takes a server out of etcd before its Node goes', async () => {
    node.write('fake/removed', 'shop-server-0-g1   <none>\nshop-server-1-g2   shop-server-1-g2-3f\n');

    const end = await node.script('remove-node', { NODE_NAME: 'shop-server-1-g2', ROLE: 'server' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { removed: 'true' } });
    expect(changes()).toEqual([
      'k3s kubectl annotate node shop-server-1-g2 etcd.k3s.cattle.io/remove=true --overwrite --request-timeout=30s',
      'k3s kubectl delete node shop-server-1-g2 --timeout=60s',
    ]);
  });

  it('does not wait for etcd longer than the API answers', async () => {
    node.write('fake/removed', '');
    node.write('fake/lost-then', '[-]etcd failed: reason withheld\n');

    const end = await node.script('remove-node', { NODE_NAME: 'shop-server-1-g2', ROLE: 'server' }, {}, 300);

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'ApiUnreachable' } });
    expect(node.logs()).toContain('etcd failed');
    expect(changes().filter((call) => call.includes('delete'))).toEqual([]);
  });

  it('deletes an agent, and is content with a node that is gone', async () => {
    await node.script('remove-node', { NODE_NAME: 'shop-w-0-g1', ROLE: 'agent' });

    const gone = await node.script('remove-node', { NODE_NAME: 'shop-w-9-g1', ROLE: 'agent' });

    expect(gone.job).toMatchObject({ outcome: 'done', result: { removed: 'true' } });
    expect(changes()).toEqual(['k3s kubectl delete node shop-w-0-g1 --timeout=60s']);
  });
});

describe('kubeconfig', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await new TestServer().open();
    node.write('etc/rancher/k3s/k3s.yaml', 'clusters:\n- cluster:\n    server: https://127.0.0.1:6443\n');
  });
  afterEach(() => server.close());

  it.each([
    ['api.shop.example', 'https://api.shop.example:6443'],
    ['203.0.113.7', 'https://203.0.113.7:6443'],
    ['2001:db8::7', 'https://[2001:db8::7]:6443'],
  ])('is stored with the address %s', async (address, url) => {
    const end = await node.script(
      'kubeconfig',
      { API_ADDRESS: address },
      { KUBECONFIG_PUT: server.url('/b/kubeconfig') },
    );

    expect(end.job).toMatchObject({ outcome: 'done', result: { address } });
    expect(server.stored.get('/b/kubeconfig')).toContain(`server: ${url}\n`);
  });

  it('refuses what is not a host, and a node without one', async () => {
    const urls = { KUBECONFIG_PUT: server.url('/b/kubeconfig') };

    const bad = await node.script('kubeconfig', { API_ADDRESS: 'a#b' }, urls);
    node.write('etc/rancher/k3s/k3s.yaml', '');
    const none = await node.script('kubeconfig', { API_ADDRESS: 'a' }, urls);

    expect([bad, none].map((end) => end.job.result['code'])).toEqual(['AddressInvalid', 'KubeconfigMissing']);
    expect(server.stored.size).toBe(0);
  });
});

describe('snapshot', () => {
  it('reports the file that K3s has made', async () => {
    const end = await node.script('snapshot', { SNAPSHOT_NAME: 'keelson' });

    expect(end.job.result).toEqual({ snapshot: 'keelson-ip-10-0-0-1-1764000000' });
    expect(node.calls().at(-1)).toBe('k3s etcd-snapshot prune --name keelson --snapshot-retention 2');
  });
});

const CERTIFICATES = [
  '',
  'FILENAME           SUBJECT        USAGES      EXPIRES                  RESIDUAL TIME   STATUS',
  '--------           -------        ------      -------                  -------------   ------',
  'client-admin.crt   system:admin   ClientAuth  Nov 24, 2026 09:15 UTC   1 year          OK',
  'client-admin.crt   k3s-client-ca  CertSign    Nov 22, 2035 09:15 UTC   10 years        OK',
  'kubelet.crt        some node      ServerAuth  Feb 03, 2026 10:00 UTC   2 months        WARNING',
].join('\n');

describe('certificates', () => {
  it('reports the earliest end and how many are unhealthy', async () => {
    node.write('fake/certificates', CERTIFICATES);

    const end = await node.script('certificates');

    expect(end.job.result).toEqual({ checked: '2', 'not-ok': '1', earliest: '2026-02-03T10:00Z' });
  });

  it('fails where K3s tells nothing', async () => {
    const end = await node.script('certificates');

    expect(end.job.result).toEqual({ code: 'CertificateCheckFailed' });
  });
});

/** Fake of curl: answers for etcd's port from files. */
const CURL = `#!/bin/sh
for url; do :; done
case $url in http://127.0.0.1:2381/*) cat "$KEELSON_ROOT/\${url##*/}" ;; *) exit 6 ;; esac
`;

describe('probe', () => {
  it('reports the state of a server and names the failing checks', async () => {
    node.write('fake/k3s.state', 'active');
    node.write(
      'fake/readyz',
      '[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/x failed\nreadyz check failed\n',
    );

    const end = await node.script('probe', { ROLE: 'server' });

    expect(end.job.result).toMatchObject({
      service: 'active',
      readyz: 'failed',
      failing: 'etcd,poststarthook/x',
      version: 'v1.34.2+k3s1',
      'bootstrap-server': 'false',
      boot: 'boot-1',
    });
    expect(Number(end.job.result['disk-free-mib'])).toBeGreaterThan(0);
    expect(Number(end.job.result['clock'])).toBeGreaterThan(1_700_000_000);
  });

  it('recognizes the bootstrap server by its configuration', async () => {
    node.write('etc/rancher/k3s/config.yaml', 'cluster-init: true\nnode-name: "shop-server-0-g1"\n');

    const end = await node.script('probe', { ROLE: 'server' });

    expect(end.job.result).toMatchObject({ 'bootstrap-server': 'true' });
  });

  it('reports the size of the database and the newest snapshot that is whole', async () => {
    const db = 'var/lib/rancher/k3s/server/db';
    mkdirSync(node.path(db, 'etcd/member/snap'), { recursive: true });
    node.write(`${db}/etcd/member/snap/db`, '');
    truncateSync(node.path(db, 'etcd/member/snap/db'), 1500.5 * 1024 * 1024);
    for (const [name, seconds] of [
      ['z-old', 1_000],
      ['a-new', 3_000],
      ['m', 2_000],
      ['cut.part', 4_000],
    ] as const) {
      node.write(`${db}/snapshots/${name}`, 'x');
      utimesSync(node.path(db, 'snapshots', name), seconds, seconds);
    }

    const server = await node.script('probe', { ROLE: 'server' });
    const agent = await node.script('probe', { ROLE: 'agent' });

    expect(server.job.result).toMatchObject({ 'db-mib': '1500', snapshot: 'a-new' });
    expect(agent.job.result).not.toHaveProperty('db-mib');
    expect(agent.job.result).not.toHaveProperty('snapshot');
  });

  it('reports what etcd says of itself, where it answers', async () => {
    node.program('curl', CURL);
    node.write('health', '{"health":"false","reason":"ALARM NOSPACE"}');
    node.write(
      'metrics',
      '# TYPE etcd_server_is_leader gauge\netcd_server_is_leader 1\netcd_mvcc_db_total_size_in_use_in_bytes 2.097152e+08\n',
    );
    const alarmed = await node.script('probe', { ROLE: 'server' });
    node.write('health', '{"health":"false","reason":"RAFT NO LEADER"}');
    node.write('metrics', 'etcd_server_has_leader 0\netcd_server_is_leader 0\n');
    const alone = await node.script('probe', { ROLE: 'server' });
    const agent = await node.script('probe', { ROLE: 'agent' });
    node.program('curl', '#!/bin/sh\nexit 7\n');
    const silent = await node.script('probe', { ROLE: 'server' });

    expect(alarmed.job.result).toMatchObject({
      'etcd-alarm': 'NOSPACE',
      'etcd-leader': 'true',
      'db-used-mib': '200',
    });
    expect(alone.job.result).toMatchObject({ 'etcd-alarm': 'none', 'etcd-leader': 'false' });
    expect(silent.job).toMatchObject({ outcome: 'done', result: { readyz: 'ok' } });
    for (const { job } of [agent, silent]) {
      expect(job.result).not.toHaveProperty('etcd-alarm');
      expect(job.result).not.toHaveProperty('etcd-leader');
    }
  });

  it('asks for certificates only when told to, on any node', async () => {
    node.write('fake/certificates', CERTIFICATES);

    const deep = await node.script('probe', { ROLE: 'server', DEEP: 'true' });
    const shallow = await node.script('probe', { ROLE: 'server' });
    const agent = await node.script('probe', { ROLE: 'agent', DEEP: 'true' });

    expect(deep.job.result).toMatchObject({ 'cert-earliest': '2026-02-03T10:00Z', 'ca-earliest': '2035-11-22T09:15Z' });
    expect(agent.job.result).toMatchObject({ 'cert-earliest': '2026-02-03T10:00Z' });
    expect(shallow.job.result).not.toHaveProperty('cert-earliest');
    expect(node.calls().filter((call) => call.includes('certificate check'))).toHaveLength(2);
  });

  it.each([
    ['fails', null],
    ['lists none', 'FILENAME   EXPIRES   STATUS\n'],
  ])('says nothing of certificates when their check %s, and all else', async (_, table) => {
    if (table !== null) node.write('fake/certificates', table);

    const end = await node.script('probe', { ROLE: 'server', DEEP: 'true' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { readyz: 'ok', boot: 'boot-1' } });
    for (const name of ['cert-earliest', 'db-mib', 'snapshot']) expect(end.job.result).not.toHaveProperty(name);
  });

  it('does not fail on a node that has nothing', async () => {
    const bare = new TestNode();

    const end = await bare.script('probe', { ROLE: 'agent' });
    bare.destroy();

    expect(end.job).toMatchObject({ outcome: 'done', result: { service: 'inactive', version: 'none' } });
  });
});

describe('uninstall', () => {
  it('takes K3s and its data away, twice if asked', async () => {
    node.write('etc/systemd/system/k3s.service', '[Service]\n');
    node.write('var/lib/rancher/k3s/server/token', 'x');
    node.write('etc/rancher/k3s/config.yaml', 'x');

    await node.script('uninstall');
    const end = await node.script('uninstall');

    expect(end.job).toMatchObject({ outcome: 'done', result: { uninstalled: 'true' } });
    for (const path of [
      'usr/local/bin/k3s',
      'var/lib/rancher/k3s',
      'etc/rancher/k3s',
      'etc/systemd/system/k3s.service',
    ]) {
      expect(node.has(path)).toBe(false);
    }
  });
});

describe('uncordon after a change', () => {
  it('waits until a node that was changed is Ready', async () => {
    const end = await node.script('uncordon', { NODE_NAME: 'shop-w-0-g1', AWAIT_READY: '5' });

    expect(end.job.outcome).toBe('done');
    expect(changes()).toEqual(['k3s kubectl uncordon shop-w-0-g1 --request-timeout=30s']);
  });

  it('lets no pods come back to one that is not Ready in time', async () => {
    const end = await node.script('uncordon', { NODE_NAME: 'shop-server-1-g2', AWAIT_READY: '1' });

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'NodeNotReady' } });
    expect(changes()).toEqual([]);
  });
});
