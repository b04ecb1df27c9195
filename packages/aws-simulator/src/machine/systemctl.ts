/** `systemctl` and `journalctl` as scripts call them: arguments in, exit code and texts out. [systemctl(1)] */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Systemd } from './systemd.js';
import type { Unit } from './unit.js';
import { unitName } from './unit-file.js';

export interface CommandReply {
  exit: number;
  stdout: string;
  stderr: string;
}

export function reply(exit: number, stdout = '', stderr = ''): CommandReply {
  return { exit, stdout, stderr };
}

/** Runs one systemctl command line. `start` and `restart` wait until the unit is ready, unless `--no-block`. */
export async function systemctl(systemd: Systemd, args: string[]): Promise<CommandReply> {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const { properties, rest } = takeProperties(args);
  const [verb = 'list-units', ...names] = rest;
  const units = names.map(unitName);
  const quiet = flags.some((flag) => flag === '-q' || flag === '--quiet');
  switch (verb) {
    case 'daemon-reload':
      systemd.daemonReload();
      return reply(0);
    case 'reset-failed':
      return reply(0);
    case 'enable':
      return enable(systemd, units, flags);
    case 'disable':
      for (const name of units) systemd.disable(name);
      if (flags.includes('--now')) return each(systemd, units, 'stop', (unit) => unit.stop());
      return reply(0);
    case 'start':
      return each(systemd, units, verb, (unit) => begin(unit, flags));
    case 'stop':
    case 'kill':
      return each(systemd, units, verb, (unit) =>
        flags.includes('--no-block') ? void unit.stop().catch(() => null) : unit.stop(),
      );
    case 'restart':
    case 'try-restart':
      return each(systemd, units, verb, async (unit) => {
        if (verb === 'try-restart' && unit.state !== 'active') return;
        if (flags.includes('--no-block')) return void unit.stop().then(() => systemd.unit(unit.file.name)?.start());
        await unit.stop();
        const fresh = systemd.unit(unit.file.name);
        if (fresh) await begin(fresh, flags);
      });
    case 'is-active':
      return states(systemd, units, quiet, (state) => state === 'active', 3);
    case 'is-failed':
      return states(systemd, units, quiet, (state) => state === 'failed', 1);
    case 'is-enabled':
      return isEnabled(systemd, units, quiet);
    case 'show':
      return reply(0, units.map((name) => show(systemd, name, properties, flags)).join('\n'));
    case 'status':
      return status(systemd, units);
    case 'cat':
      return reply(0, units.map((name) => systemd.unit(name)?.file.text ?? '').join('\n'));
    default:
      return reply(1, '', `Unknown command verb '${verb}'.\n`);
  }
}

/** `journalctl -u UNIT [-n N]`: the unit's last lines. */
export function journalctl(root: string, args: string[]): CommandReply {
  const after = (...names: string[]) => {
    const at = args.findIndex((arg) => names.includes(arg));
    const glued = args.find((arg) => names.some((name) => name.startsWith('--') && arg.startsWith(`${name}=`)));
    return glued !== undefined ? glued.slice(glued.indexOf('=') + 1) : at < 0 ? undefined : args[at + 1];
  };
  const unit = unitName(after('-u', '--unit') ?? 'k3s');
  const name = unit.replace(/\.service$/, '').replace(/-agent$/, '');
  let lines: string[] = [];
  try {
    lines = readFileSync(join(root, 'var/log', `${name}.log`), 'utf8')
      .trimEnd()
      .split('\n');
  } catch {
    return reply(0, '-- No entries --\n');
  }
  const count = Number(after('-n', '--lines') ?? lines.length);
  return reply(0, `${lines.slice(-count).join('\n')}\n`);
}

async function begin(unit: Unit, flags: string[]): Promise<boolean> {
  unit.start();
  return flags.includes('--no-block') || unit.settled();
}

async function each(
  systemd: Systemd,
  names: string[],
  verb: string,
  act: (unit: Unit) => Promise<unknown> | undefined,
): Promise<CommandReply> {
  for (const name of names) {
    const unit = systemd.unit(name);
    if (!unit) return reply(5, '', `Failed to ${verb} ${name}: Unit ${name} not found.\n`);
    if ((await act(unit)) === false) {
      return reply(1, '', `Job for ${name} failed because the control process exited with error code.\n`);
    }
  }
  return reply(0);
}

async function enable(systemd: Systemd, names: string[], flags: string[]): Promise<CommandReply> {
  let told = '';
  for (const name of names) {
    const made = systemd.enable(name);
    if (!made) return reply(1, '', `Failed to enable unit: Unit file ${name} does not exist.\n`);
    for (const link of made) told += `Created symlink ${link}.\n`;
  }
  if (!flags.includes('--now')) return reply(0, '', told);
  const started = await each(systemd, names, 'start', (unit) => begin(unit, flags));
  return { ...started, stderr: told + started.stderr };
}

function states(
  systemd: Systemd,
  names: string[],
  quiet: boolean,
  wanted: (state: string) => boolean,
  otherwise: number,
): CommandReply {
  const found = names.map((name) => systemd.unit(name)?.state ?? 'inactive');
  return reply(found.some(wanted) ? 0 : otherwise, quiet ? '' : found.map((state) => `${state}\n`).join(''));
}

function isEnabled(systemd: Systemd, names: string[], quiet: boolean): CommandReply {
  const missing = names.find((name) => !systemd.unit(name));
  if (missing) return reply(1, '', `Failed to get unit file state for ${missing}: No such file or directory\n`);
  const enabled = names.map((name) => systemd.isEnabled(name));
  const text = enabled.map((is) => (is ? 'enabled\n' : 'disabled\n')).join('');
  return reply(enabled.some((is) => is) ? 0 : 1, quiet ? '' : text);
}

function takeProperties(args: string[]): { properties: string[]; rest: string[] } {
  const properties: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '-p' || arg === '--property') properties.push(...(args[++i] ?? '').split(','));
    else if (/^(-p|--property=)./.test(arg)) properties.push(...arg.replace(/^(-p|--property=)/, '').split(','));
    // Options that take a value of their own; it is not a unit.
    else if (arg === '-n' || arg === '--lines' || arg === '-s' || arg === '--signal') i++;
    else if (!arg.startsWith('-')) rest.push(arg);
  }
  return { properties, rest };
}

function show(systemd: Systemd, name: string, properties: string[], flags: string[]): string {
  const unit = systemd.unit(name);
  const known: Record<string, string> = {
    Id: name,
    LoadState: unit ? 'loaded' : 'not-found',
    ActiveState: unit?.state ?? 'inactive',
    SubState: unit?.subState ?? 'dead',
    UnitFileState: unit ? (systemd.isEnabled(name) ? 'enabled' : 'disabled') : '',
    NRestarts: String(unit?.restarts ?? 0),
    Result: unit?.subState === 'auto-restart' || unit?.state === 'failed' ? 'exit-code' : 'success',
    MainPID: unit?.state === 'active' ? '1000' : '0',
    ExecMainStatus: unit?.subState === 'auto-restart' || unit?.state === 'failed' ? '1' : '0',
    ControlGroup: unit?.state === 'active' ? `/system.slice/${name}` : '',
    ActiveEnterTimestamp: unit?.state === 'active' ? new Date(unit.since).toUTCString() : '',
  };
  const keys = properties.length > 0 ? properties : Object.keys(known);
  return keys
    .map((key) => (flags.includes('--value') ? (known[key] ?? '') : `${key}=${known[key] ?? ''}`) + '\n')
    .join('');
}

function status(systemd: Systemd, names: string[]): CommandReply {
  const name = names[0] ?? '';
  const unit = systemd.unit(name);
  if (!unit) return reply(4, '', `Unit ${name} could not be found.\n`);
  const lines = [`● ${name}`, `     Loaded: loaded`, `     Active: ${unit.state} (${unit.subState})`, ''];
  return reply(unit.state === 'active' ? 0 : 3, lines.join('\n'));
}
