import { imagesOf } from '../../packages/aws-simulator/src/ec2/images.js';
import type { Lane } from '../care/lane.js';
import { AGENT, type FailureCase } from './cases.js';

/** What keeps a new node from joining a cluster that runs. */

const OTHER_CA = '0'.repeat(64);

/** One agent more. */
async function grow(lane: Lane): Promise<void> {
  const pools = [{ name: 'workers', count: 2, instanceType: 't3.large' }];
  await lane.handle.executeUpdate('apply', { args: [{ document: lane.document({ pools }) }] });
}

/** The token that the bucket holds for new nodes is another one. The node finds it: K3s starts, is refused, and starts again. */
const token = (
  what: string,
  [key, text]: readonly [string, string],
  join: (lane: Lane) => Promise<void>,
  spec: Record<string, unknown> = AGENT,
): FailureCase => ({
  what: `join: ${what}`,
  how: `PutObject of another ${key}, then ${join === grow ? 'one agent more' : 'a server terminated'}`,
  running: true,
  silent: true,
  spec,
  break: async (lane) => {
    await lane.put(text, key);
    await join(lane);
  },
  names: /TokenRejected/,
});

const replaced = (lane: Lane): Promise<void> => lane.act('server-1', 'terminate?hard');

const without = (program: string, names: RegExp): FailureCase => ({
  what: `image without ${program}`,
  how: `workflow started with an image that lacks ${program}`,
  silent: true,
  spec: { image: { id: imagesOf('eu-west-1').find(({ name }) => name === `without-${program}-x86_64`)?.id } },
  names,
});

export const JOINING: readonly FailureCase[] = [
  token('the server refuses the token of an agent', ['k3s-agent-token', 'not-the-token'], grow),
  token('the token of an agent names another CA', ['k3s-agent-token', `K10${OTHER_CA}::node:secret`], grow),
  token('the server refuses the token of a server', ['k3s-server-token', 'not-the-token'], replaced, { mode: 'ha' }),
  token('the token of a server names another CA', ['k3s-server-token', `K10${OTHER_CA}::server:secret`], replaced, {
    mode: 'ha',
  }),
  without('curl', /ToolMissing/),
  without('openssl', /ToolMissing/),
  without('systemctl', /ToolMissing/),
  {
    what: 'instance does not boot',
    how: 'fault plan machine.boot no-boot',
    silent: true,
    break: (lane) => lane.fault({ point: 'machine.boot', tags: { 'keelson:cluster': lane.name }, effect: 'no-boot' }),
    names: /has not registered/,
  },
];
