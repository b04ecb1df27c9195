/** Reads the part of a systemd unit file that this model needs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface UnitFile {
  name: string;
  /** Words of ExecStart. */
  exec: string[];
  notify: boolean;
  restart: boolean;
  restartSec: number;
  wantedBy: string[];
  text: string;
}

export const UNIT_DIR = 'etc/systemd/system';

/** `k3s` and `k3s.service` are the same unit. */
export function unitName(name: string): string {
  return /\.(service|target|timer|socket)$/.test(name) ? name : `${name}.service`;
}

/** Returns the unit's file below the root, or null for none. */
export function readUnitFile(root: string, name: string): UnitFile | null {
  let text: string;
  try {
    text = readFileSync(join(root, UNIT_DIR, name), 'utf8');
  } catch {
    return null;
  }
  const values = settings(text);
  const last = (key: string) => values.get(key)?.at(-1) ?? '';
  return {
    name,
    exec: words(last('ExecStart').replace(/^[-@:+!]+/, '')),
    notify: last('Type') === 'notify',
    restart: /^(always|on-failure)$/.test(last('Restart')),
    restartSec: seconds(last('RestartSec')) ?? 0.1,
    wantedBy: (values.get('WantedBy') ?? []).flatMap((value) => value.split(/\s+/)).filter((word) => word !== ''),
    text,
  };
}

function settings(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of text.replace(/\\\n\s*/g, ' ').split('\n')) {
    const match = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (!match) continue;
    const [, key = '', value = ''] = match;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}

function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** `5s`, `5`, `500ms`, `1min`. */
function seconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|sec|min|m)?$/.exec(text);
  if (!match) return null;
  const scale = { ms: 0.001, s: 1, sec: 1, min: 60, m: 60 }[match[2] ?? 's'] ?? 1;
  return Number(match[1]) * scale;
}
