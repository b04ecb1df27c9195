/** The units of one machine, and the links of `systemctl enable` on its disk. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceFactory, Unit } from './unit.js';
import { readUnitFile, UNIT_DIR, type UnitFile } from './unit-file.js';

export class Systemd {
  private readonly units = new Map<string, Unit>();
  private readonly loaded = new Map<string, UnitFile>();

  constructor(
    private readonly root: string,
    private readonly make: ServiceFactory,
    private readonly longestRestart: number,
  ) {}

  /** Returns the loaded unit; a later change of its file counts only after `daemon-reload`. Null for none. */
  unit(name: string): Unit | null {
    const file = this.loaded.get(name) ?? readUnitFile(this.root, name);
    if (!file) return null;
    this.loaded.set(name, file);
    const known = this.units.get(name);
    if (known && (known.file === file || known.state === 'active' || known.state === 'activating')) return known;
    const unit = new Unit(file, this.make, (line) => this.log(name, line), this.longestRestart);
    this.units.set(name, unit);
    return unit;
  }

  daemonReload(): void {
    this.loaded.clear();
  }

  /** @returns the new links; null for a unit without a file */
  enable(name: string): string[] | null {
    const file = readUnitFile(this.root, name);
    if (!file) return null;
    const made: string[] = [];
    for (const target of file.wantedBy) {
      const dir = join(this.root, UNIT_DIR, `${target}.wants`);
      mkdirSync(dir, { recursive: true });
      if (existsSync(join(dir, name))) continue;
      symlinkSync(join('..', name), join(dir, name));
      made.push(join(dir, name));
    }
    return made;
  }

  disable(name: string): void {
    for (const target of wants(this.root)) rmSync(join(this.root, UNIT_DIR, target, name), { force: true });
  }

  isEnabled(name: string): boolean {
    return wants(this.root).some((target) => existsSync(join(this.root, UNIT_DIR, target, name)));
  }

  /** The machine has booted: enabled units start. */
  boot(): void {
    this.daemonReload();
    for (const name of this.enabledUnits()) this.unit(name)?.start();
  }

  /** The operating system goes down: units stop gracefully, the last started first. */
  async shutdown(): Promise<void> {
    for (const unit of [...this.units.values()].sort((a, b) => b.since - a.since)) await unit.stop();
  }

  crash(): void {
    for (const unit of this.units.values()) unit.kill();
  }

  /** A line of the journal; also in var/log/k3s.log for K3s's own units. */
  log(name: string, line: string): void {
    const dir = join(this.root, 'var/log');
    if (!existsSync(dir)) return;
    appendFileSync(join(dir, `${name.replace(/\.service$/, '').replace(/-agent$/, '')}.log`), `${line}\n`);
  }

  private enabledUnits(): string[] {
    return [...new Set(wants(this.root).flatMap((target) => readdirSync(join(this.root, UNIT_DIR, target))))];
  }
}

function wants(root: string): string[] {
  const dir = join(root, UNIT_DIR);
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.wants')) : [];
}
