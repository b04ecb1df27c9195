/** The rules alone: tokens, membership and quorum, configuration. */

import { afterEach, describe, expect, it } from 'vitest';
import { type K3sConfig, readConfig } from '../../../../packages/aws-simulator/src/k3s/config.js';
import { Etcd, type Member, majority } from '../../../../packages/aws-simulator/src/k3s/etcd.js';
import { parseToken, secureToken } from '../../../../packages/aws-simulator/src/k3s/token.js';
import { type RegionFixture, startRegionFixture } from '../machine/fixture.js';
import { config, put } from './shell.js';

let fixture: RegionFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

const HASH = 'a'.repeat(64);

describe('a token', () => {
  it('has a secure form, which names the CA, and a short one', () => {
    expect(parseToken(secureToken(HASH, 'node', 'pw'))).toEqual({ caHash: HASH, user: 'node', password: 'pw' });
    expect(parseToken(' short\n')).toEqual({ caHash: null, user: null, password: 'short' });
    expect(parseToken('server:pw')).toEqual({ caHash: null, user: 'server', password: 'pw' });
  });

  it.each(['', '  \n', 'K10abc', `K10${HASH}`])('%j is none', (text) => {
    expect(parseToken(text)).toBeNull();
  });
});

describe('etcd', () => {
  let count = 0;
  const member = (name: string): Member => ({
    id: `m${++count}`,
    name: `${name}-1`,
    nodeName: name,
    instanceId: `i-${name}`,
    peerIp: '10.0.0.1',
    learner: true,
    caughtUp: true,
    announced: false,
    started: false,
    since: 0,
    loop: { startedAt: 0, span: null },
  });
  async function grown(size: number): Promise<{ etcd: Etcd; members: Member[] }> {
    fixture = await startRegionFixture({ election: 1, peerHealth: 0 });
    const etcd = new Etcd(fixture.world);
    const members = Array.from({ length: size }, (_, i) => member(`n${i}`));
    etcd.found(members[0]!);
    for (const one of members.slice(1)) {
      expect(etcd.admit(one)).toBeNull();
      etcd.start(one);
      expect(etcd.promote(one.id)).toBeNull();
    }
    return { etcd, members };
  }

  it('needs most of its voters', () => {
    expect([1, 2, 3, 4, 5].map(majority)).toEqual([1, 2, 2, 3, 3]);
  });

  it('takes one learner at a time, and a learner does not vote', async () => {
    const { etcd } = await grown(1);
    const learner = member('b');
    expect(etcd.admit(learner)).toBeNull();
    expect(etcd.admit(member('c'))).toBe('etcdserver: too many learner members in cluster');
    expect(etcd.voters).toHaveLength(1);
    const early = etcd.promote(learner.id);
    etcd.start(learner);
    learner.caughtUp = false;
    const behind = etcd.promote(learner.id);
    learner.caughtUp = true;
    expect(etcd.promote(learner.id)).toBeNull();
    expect([early, behind]).toEqual(
      Array(2).fill('etcdserver: can only promote a learner member which is in sync with leader'),
    );
    expect(etcd.promote(learner.id)).toBe('etcdserver: can only promote a learner member');
    expect(etcd.promote('unknown')).toBe('etcdserver: member not found');
    expect(etcd.voters).toHaveLength(2);
  });

  it('takes no one in while a voter is down, or has come only just', async () => {
    const { etcd, members } = await grown(3);
    fixture!.world.profile.peerHealth = 5_000;
    for (const one of members) one.since = Date.now() - 5_001;
    const other = members.find((one) => one !== etcd.leader)!;
    etcd.stop(other, 'crash');
    expect(etcd.admit(member('d'))).toBe('etcdserver: unhealthy cluster');
    etcd.start(other);
    expect(etcd.admit(member('d')), 'just back').toBe('etcdserver: unhealthy cluster');
    other.since = Date.now() - 5_001;
    etcd.leader!.since = Date.now();
    expect(etcd.admit(member('d')), 'the leader is connected to itself').toBeNull();
  });

  it('has another leader at once after a graceful stop, and after an election when the leader crashed', async () => {
    const { etcd, members } = await grown(3);
    const [a, b, c] = members as [Member, Member, Member];
    expect(etcd.leader).toBe(a);
    etcd.stop(a, 'graceful');
    expect(etcd.leader).toBe(b);
    etcd.start(a);
    etcd.stop(b, 'crash');
    expect(etcd.available).toBe(false);
    await etcd.until(() => etcd.available, AbortSignal.timeout(5_000));
    expect([a, c]).toContain(etcd.leader);
  });

  it('refuses everything without a quorum', async () => {
    const { etcd, members } = await grown(3);
    etcd.stop(members[1]!, 'crash');
    etcd.stop(members[2]!, 'crash');
    expect(etcd.available).toBe(false);
    expect(etcd.admit(member('d'))).toBe('etcdserver: no leader');
    expect(etcd.remove(members[1]!)).toBe('etcdserver: no leader');
    etcd.start(members[1]!);
    expect(etcd.available).toBe(true);
  });

  it('lets go of a dead member, not of one whose leaving would cost the quorum', async () => {
    const { etcd, members } = await grown(3);
    etcd.stop(members[2]!, 'crash');
    expect(etcd.remove(members[1]!)).toMatch(/not enough started members/);
    expect(etcd.remove(members[2]!)).toBeNull();
    expect(etcd.voters).toHaveLength(2);
  });
});

describe('configuration', () => {
  async function read(
    lines: string[],
    exec = ['k3s', 'server'],
    more = '',
    version = 'v1.34.2+k3s1',
  ): Promise<K3sConfig> {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    config(machine, lines);
    if (more) put(machine, '/etc/rancher/k3s/config.yaml.d/10-more.yaml', more);
    put(machine, '/etc/rancher/k3s/server-token', 'from-file\n');
    return readConfig(machine, exec, version);
  }

  it('is read from the file, its folder and the command line, the last on top', async () => {
    const read1 = await read(
      ['node-name: A-1', 'token-file: /etc/rancher/k3s/server-token', 'tls-san: [one]', 'disable: [traefik]'],
      ['k3s', 'server', '--node-ip=10.0.7.7', '--cluster-init'],
      'tls-san+: [two]\n',
    );
    expect(read1).toMatchObject({
      nodeName: 'a-1',
      nodeIp: '10.0.7.7',
      clusterInit: true,
      token: 'from-file',
      tlsSans: ['one', 'two'],
      warnings: [],
    });
    expect(read1.critical).toMatchObject({ disable: 'traefik', 'cluster-cidr': '' });
  });

  it('skips what the command does not know, with a warning', async () => {
    const agent = await read(['tls-san: x', 'nonsense: 1'], ['k3s', 'agent']);
    expect(agent.warnings).toEqual([
      'Unknown flag --tls-san found in config.yaml, skipping',
      'Unknown flag --nonsense found in config.yaml, skipping',
    ]);
  });

  it('has the flags of the release that starts', async () => {
    const early = await read(['secrets-encryption-provider: secretbox'], ['k3s', 'server'], '', 'v1.31.1+k3s1');
    await fixture?.close();
    const late = await read(['secrets-encryption-provider: secretbox']);
    expect(early.warnings).toEqual(['Unknown flag --secrets-encryption-provider found in config.yaml, skipping']);
    expect(late.warnings).toEqual([]);
  });

  it.each([
    ['debug: maybe', 'invalid boolean value "maybe" for -debug: parse error'],
    [
      'disable-network-policy: yes please',
      'invalid boolean value "yes please" for -disable-network-policy: parse error',
    ],
    ['etcd-s3-timeout: 5 minutes', 'invalid value "5 minutes" for flag -etcd-s3-timeout: parse error'],
    ['lb-server-port: 6444.5', 'invalid value "6444.5" for flag -lb-server-port: parse error'],
  ])('with a value that its flag cannot read ends the process: %s', async (line, says) => {
    await expect(read([line])).rejects.toThrow(new RegExp(says.replaceAll('"', '.+').replaceAll('.5', '.5')));
  });

  it('that is no map, or names a token file that is not there, ends the process', async () => {
    await expect(read(['- a', '- b'])).rejects.toThrow(/failed to read config file/);
    await fixture?.close();
    await expect(read(['token-file: /nowhere'])).rejects.toThrow(/no such file or directory/);
  });
});
