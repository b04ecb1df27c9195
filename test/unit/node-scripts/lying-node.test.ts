/** A node whose own status lies, seen by the real script under a real bash. Fake: the k3s binary, which prints what kubectl would. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observeGate } from '#src/model/quorum.js';
import type { ClusterState } from '#src/model/state.js';
import { parseJobOutput } from '#src/node-scripts/render.js';
import { scriptText } from '#src/node-scripts/scripts.js';
import { parseNodes, parseStrayMembers } from '#src/workflows/cluster/observe/parse-nodes.js';
import { members } from './support/members.js';
import { TestNode } from './support/node.js';

const slot = (name: string) => ({ name, nodeName: `demo-${name}-g1` });
const SERVERS = ['server-0', 'server-1', 'server-2'].map(slot);
const known = {
  document: { metadata: { name: 'demo' } },
  slots: Object.fromEntries([...SERVERS, slot('workers-0')].map((one) => [one.name, one])),
} as unknown as Pick<ClusterState, 'document' | 'slots'>;

const row = (name: string, ready: string, voter: string, version = 'v1.34.2+k3s1', ip = '10.0.0.9'): string =>
  `demo-${name}-g1 ${ready} ${voter} ${version} <none> ${ip} False False False`;
const TRUTH = [
  row('server-0', 'True', 'True', undefined, '10.0.0.1'),
  row('server-1', 'True', 'True', undefined, '10.0.0.2'),
  row('server-2', 'Unknown', 'True', undefined, '10.0.0.3'),
];
const quoted = (text: string): string => text.replaceAll('\n', '%0A').replaceAll(' ', '%20');

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.installK3s();
});
afterEach(() => node.destroy());

async function seen(rows: readonly string[]) {
  node.write('fake/nodes', `${rows.join('\n')}\n`);
  const { result } = (await node.script('verify')).job;
  const nodes = parseNodes(result, known);
  return { result, nodes, gate: observeGate(SERVERS, nodes, null, parseStrayMembers(result, known)) };
}

describe('a node that lies', () => {
  it('does not open the quorum gate by a version that looks like the row of another node', async () => {
    // Prepare
    const forged = quoted(`v1\n${row('server-2', 'True', 'True', undefined, '10.0.0.3')}`);
    // Act
    const { nodes, gate } = await seen([...TRUTH, row('workers-0', 'True', '<none>', forged)]);
    // Assess
    expect(nodes.map(({ name, ready, voter }) => [name, ready, voter])).toEqual([
      ['demo-server-0-g1', true, true],
      ['demo-server-1-g1', true, true],
      ['demo-server-2-g1', false, true],
      ['demo-workers-0-g1', true, null],
    ]);
    expect(gate.open).toBe(false);
    expect(gate.reasons.join()).toContain('demo-server-2-g1 is not Ready');
  });

  it('is asked with each text that its kubelet may write quoted: names alone are bare, which the API server checks', () => {
    // Act
    const template = /go-template=(.*)'$/m.exec(scriptText('verify'))?.[1] ?? '';
    const actions = [...template.matchAll(/\{\{(.*?)\}\}/g)].map(([, action = '']) => action);
    const printed = actions.filter((action) => !/^(range|if|with|end|"\\n")/.test(action));
    // Assess
    expect(printed.filter((action) => !action.startsWith('urlquery '))).toEqual(['.metadata.name']);
    expect(printed).toContain('urlquery .kubeletVersion');
  });

  it('does not close the gate by a claim that it votes', async () => {
    // Prepare
    const healthy = TRUTH.map((one) => one.replace('Unknown', 'True'));
    // Act: the fake gives no label of etcd to an agent, as the API server lets no kubelet write it.
    const { nodes, gate } = await seen([...healthy, `${row('workers-0', 'True', 'True')} agent`]);
    // Assess
    expect(nodes.find(({ name }) => name === 'demo-workers-0-g1')?.voter).toBeNull();
    expect(gate).toEqual({ open: true, reasons: [] });
  });

  it('does not take the place of a member that has not started by its address', async () => {
    // Prepare
    node.write('var/lib/rancher/k3s/server/token', `K10${'7'.padStart(64, '0')}::server:secret\n`);
    const list = members(
      ['demo-server-0-g1-1a', '10.0.0.1', 'voter'],
      ['demo-server-1-g1-2b', '10.0.0.2', 'voter'],
      ['', '10.0.0.4', 'voter'],
    );
    node.write('fake/members', list);
    // Act
    const { result, gate } = await seen([...TRUTH, row('workers-0', 'True', '<none>', undefined, '10.0.0.4')]);
    // Assess
    expect(result['member.10.0.0.4']).toBe('voter');
    expect(gate.open).toBe(false);
  });

  it.each([
    ['v1.34.2+k3s1', 'v1.34.2+k3s1'],
    ['v1.34.2', 'unknown'],
    [quoted('v1.34.2+k3s1 true'), 'unknown'],
    ['v1.34.2+k3s1,true', 'unknown'],
    [`v${'9'.repeat(300)}`, 'unknown'],
  ])('has a version of K3s or none: %s', async (told, expected) => {
    const { nodes } = await seen([...TRUTH, row('workers-0', 'True', '<none>', told)]);
    expect(nodes.at(-1)).toMatchObject({ name: 'demo-workers-0-g1', version: expected, internalIp: '10.0.0.9' });
  });

  it('counts a member of etcd with a name that is not Keelson’s, and no other Node of such a name', async () => {
    // Prepare
    const others = ['other True True v1.34.2+k3s1 <none> 10.0.0.7', 'someone True <none> v1.34.2+k3s1 <none> 10.0.0.8'];
    // Act
    const { nodes, gate } = await seen([...TRUTH.map((one) => one.replace('Unknown', 'True')), ...others]);
    // Assess
    expect(nodes.map(({ name }) => name)).toEqual(SERVERS.map(({ nodeName }) => nodeName));
    expect(gate.reasons).toContain('etcd member other has no Node');
  });
});

describe('what a node writes into a report', () => {
  const report = (body: string, log = ''): string =>
    `keelson-job id=j outcome=done exit=0\nkeelson-result\n${body}\nkeelson-log\n${log}`;

  it('is cut at 200 characters, and its invisible characters are written out', () => {
    // Act
    const parsed = parseJobOutput(
      report(`failing=${'too long '.repeat(1_500)}\nsnapshot=a\u001b[2J\u202eb\u009b`, 'one\u001b]0;title\u0007\ttwo'),
    );
    // Assess
    expect(parsed?.result['failing']).toHaveLength(200);
    expect(parsed?.result['snapshot']).toBe('a\\u{1b}[2J\\u{202e}b\\u{9b}');
    expect(parsed?.logTail).toBe('one\\u{1b}]0;title\\u{7}\ttwo');
  });

  it('is passed over where the key is not one of a script', () => {
    expect(parseJobOutput(report('__proto__=x\n=y\n\u001bcode=z\nok=1'))?.result).toEqual({ ok: '1' });
  });
});
