/** The API server of a simulated server, over real TLS. Linux only: elsewhere it doesn't listen, and that is what is asserted. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { journal, type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

/** An address of our own in 127.0.0.0/8: another region on this machine may be using its own. */
const PUBLIC = `127.${200 + (process.pid % 50)}.${process.ppid % 250}.${1 + (process.pid % 200)}`;
const LINUX = process.platform === 'linux';

async function server(more: string[]): Promise<Machine> {
  fixture = await startRegionFixture();
  const machine = await fixture.launch('a', { publicIp: PUBLIC });
  install(machine, 'server');
  config(machine, ['cluster-init: true', 'node-name: a-g1', 'token: secret', ...more]);
  await sh(machine, 'systemctl start k3s');
  return machine;
}

interface Credentials {
  ca: string;
  cert: string;
  key: string;
}

function credentials(machine: Machine): Credentials {
  const kubeconfig = parse(readFileSync(machine.path('/etc/rancher/k3s/k3s.yaml'), 'utf8'));
  const pem = (base64: string) => Buffer.from(base64, 'base64').toString();
  const user = kubeconfig.users[0].user;
  return {
    ca: pem(kubeconfig.clusters[0].cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  };
}

function get(path: string, options: Partial<Credentials>, accept = ''): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: PUBLIC, port: 6443, path, headers: { accept }, agent: false, ...options },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    call.on('error', reject).end();
  });
}

describe('the API at the public address', () => {
  it('serves Nodes to the client certificate of k3s.yaml, as list and as table', async () => {
    const machine = await server([`tls-san: [${PUBLIC}]`]);
    if (!LINUX) return expect(journal(machine)).not.toContain('Serving the API');
    const own = credentials(machine);
    const list = JSON.parse((await get('/api/v1/nodes', own)).body);
    expect(list.kind).toBe('NodeList');
    expect(list.items[0].metadata.name).toBe('a-g1');
    const table = JSON.parse((await get('/api/v1/nodes', own, 'application/json;as=Table;v=v1;g=meta.k8s.io')).body);
    expect(table.rows[0].cells.slice(0, 3)).toEqual(['a-g1', 'Ready', 'control-plane,etcd']);
    expect((await get('/readyz', own)).body).toBe('ok');
    expect(JSON.parse((await get('/version', own)).body).gitVersion).toBe('v1.34.2+k3s1');
  });

  it('refuses who shows no certificate', async () => {
    const machine = await server([`tls-san: ${PUBLIC}`]);
    if (!LINUX) return expect(journal(machine)).not.toContain('Serving the API');
    const answer = await get('/api/v1/nodes', { ca: credentials(machine).ca });
    expect(answer.status).toBe(401);
  });

  it('has only those names in its certificate that tls-san gives it, besides its own', async () => {
    const machine = await server([]);
    if (!LINUX) return expect(journal(machine)).not.toContain('Serving the API');
    await expect(get('/version', credentials(machine))).rejects.toThrow(/altnames|IP/i);
  });

  it('answers 503 without a quorum, and not at all once the service has stopped', async () => {
    const machine = await server([`tls-san: ${PUBLIC}`]);
    if (!LINUX) return expect(journal(machine)).not.toContain('Serving the API');
    const other = await fixture.launch('b');
    install(other, 'server');
    const token = readFileSync(machine.path('/var/lib/rancher/k3s/server/token'), 'utf8').trim();
    config(other, [`server: https://${machine.instance.privateIp}:6443`, 'node-name: b-g1', `token: ${token}`]);
    await sh(other, 'systemctl start k3s');
    const own = credentials(machine);
    other.crash();
    await until(async () => (await get('/api/v1/nodes', own)).status === 503, '503');
    await sh(machine, 'systemctl stop k3s');
    await expect(get('/version', own)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('gives each cluster an authority of its own', async () => {
    const machine = await server([]);
    const { ca, cert } = credentials(machine);
    expect(new X509Certificate(ca).ca).toBe(true);
    expect(new X509Certificate(cert).subject).toContain('system:masters');
  });
});
