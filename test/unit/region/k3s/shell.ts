/** Runs things on a machine as an SSM script would, and installs K3s by hand. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { standInBinary } from '../../../../packages/aws-simulator/src/k3s/binary.js';
import { bareEnvironment } from '../../../../packages/aws-simulator/src/machine/folder.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs one line of bash with the instance's environment, and like a script in a process group of its own: a crash ends that group. */
export function sh(machine: Machine, line: string): Promise<Ran> {
  const child = spawn('bash', ['--norc', '-c', line], {
    env: bareEnvironment(machine.folder),
    cwd: machine.folder.root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, out, err })));
}

export function put(machine: Machine, path: string, text: string): void {
  const real = machine.path(path);
  mkdirSync(real.slice(0, real.lastIndexOf('/')), { recursive: true });
  writeFileSync(real, text, { mode: 0o600 });
}

/** The binary and its unit in place, as Keelson's install script leaves them. */
export function install(machine: Machine, role: 'server' | 'agent', version = 'v1.34.2+k3s1'): void {
  const binary = machine.path('/usr/local/bin/k3s');
  writeFileSync(binary, standInBinary(version, 'amd64'));
  chmodSync(binary, 0o755);
  const unit = role === 'server' ? 'k3s.service' : 'k3s-agent.service';
  put(
    machine,
    `/etc/systemd/system/${unit}`,
    `[Unit]\nDescription=K3s\n[Service]\nType=notify\nExecStart=${binary} ${role}\nRestart=always\nRestartSec=5s\n[Install]\nWantedBy=multi-user.target\n`,
  );
}

export function config(machine: Machine, lines: string[]): void {
  put(machine, '/etc/rancher/k3s/config.yaml', `${lines.join('\n')}\n`);
}
