/** Scripts and files of nodes, as docs/how-to/cni-and-add-ons.md tells them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'hooked';
const REGISTRIES = 'mirrors:\n  docker.io:\n    endpoint: ["https://registry.example.org"]\n';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');
const root = (instance: string | null | undefined): string =>
  join(fixture.folder, 'stack/region/instances', instance ?? '', 'root');

/** What a script has written on a node. In the simulator a node is a folder, which is in KEELSON_ROOT. */
const written = (instance: string | null | undefined): string => {
  const file = join(root(instance), 'ran');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const says = (what: string): string => `echo "${what} of $ROLE $NODE_NAME" >>"$KEELSON_ROOT/ran"`;

function document(before: string): string {
  const files = [{ path: '/etc/rancher/k3s/registries.yaml', content: REGISTRIES, mode: '0640' }];
  const node = { files, before, after: says('after') };
  return fixture.document(NAME, {
    servers: { instanceType: 't3.medium', node },
    pools: [{ name: 'workers', count: 1, instanceType: 't3.large', node: { before: says('pool') } }],
  });
}

describe('a script that runs before K3s', () => {
  it('is named with what it has said last, when it fails', async () => {
    // Act
    const applied = await fixture.keelson('apply', '-f', document('echo "no such package: nfs" >&2; exit 3'));
    await expect.poll(async () => (await status()).lastError?.code).toBe('HookFailed');
    const explained = await fixture.keelson('explain', NAME);

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    expect(explained.stdout).toMatch(/node\.before ended with 3: no such package: nfs/);
    expect(explained.stdout).toContain('correct node.before in the document');
  });

  it('runs again as the corrected document has it, on the same instance, and the files are there before K3s', async () => {
    // Prepare
    const [failed] = (await status()).nodes;

    // Act
    const applied = await fixture.keelson('apply', '-f', document(says('before')), '--wait');

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    const [server, agent] = (await status()).nodes;
    expect(server?.instanceId).toBe(failed?.instanceId);
    expect(written(server?.instanceId)).toBe(`before of server ${server?.name}\nafter of server ${server?.name}\n`);
    expect(written(agent?.instanceId)).toBe(`pool of agent ${agent?.name}\n`);
    const file = join(root(server?.instanceId), 'etc/rancher/k3s/registries.yaml');
    expect(readFileSync(file, 'utf8')).toBe(REGISTRIES);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(existsSync(join(root(agent?.instanceId), 'etc/rancher/k3s/registries.yaml'))).toBe(false);
  });

  it('does not run again on nodes that have it behind them', async () => {
    // Act
    const applied = await fixture.keelson('apply', '-f', document(says('changed')), '--wait');
    const restarted = await fixture.keelson('stop', NAME, '--wait');
    const started = await fixture.keelson('start', NAME, '--wait');

    // Assess
    expect([applied.code, restarted.code, started.code], applied.stderr + started.stderr).toEqual([0, 0, 0]);
    const [server] = (await status()).nodes;
    expect(written(server?.instanceId)).not.toContain('changed');
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
  });
});
