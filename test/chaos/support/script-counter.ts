import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance, MachineHost, World } from '../../../packages/aws-simulator/src/contract.js';
import { createMachineHost } from './built.js';

/**
 * Machines on which every begin of a job's script is counted by the shell that begins it: first in the node's PATH is a `bash`
 * that writes a line and becomes the real one. Neither Keelson nor the region has a say in the count.
 *
 * @param file takes a line `<instance> <job>` for each begin
 */
export function countingHost(file: string): (world: World) => MachineHost {
  return (world) => {
    const host = createMachineHost(world);
    const boot = host.boot.bind(host);
    host.boot = (instance: Instance): void => {
      const bin = join(world.dir, 'instances', instance.id, 'bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, 'bash'), counter(instance.id, file));
      chmodSync(join(bin, 'bash'), 0o755);
      boot(instance);
    };
    return host;
  };
}

function counter(instanceId: string, file: string): string {
  const real = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash'].find((path) =>
    existsSync(path),
  );
  return [
    '#!/bin/sh',
    'case "${1:-}" in */jobs/*/script)',
    `  job=\${1%/script}; printf '%s %s\\n' '${instanceId}' "\${job##*/}" >>'${file}' ;;`,
    'esac',
    `exec ${real} "$@"`,
    '',
  ].join('\n');
}

/** Begins of scripts by `<instance> <job>`. */
export function scriptRuns(file: string): Map<string, number> {
  const runs = new Map<string, number>();
  if (!existsSync(file)) return runs;
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) runs.set(line, (runs.get(line) ?? 0) + 1);
  return runs;
}

/** What was begun more than once: the job runner must begin a job once, however often it is sent. */
export const begunTwice = (runs: ReadonlyMap<string, number>): string[] =>
  [...runs].flatMap(([run, count]) => (count > 1 ? `${run}: ${count} times` : []));
