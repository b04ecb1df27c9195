/**
 * Hosts that a simulator has made and not yet removed, as files in its folder: after a kill the next simulator in the same folder removes
 * them.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runVerb } from './command.js';

export class Ledger {
  private readonly folder: string;

  /** @param dir the region's folder */
  constructor(dir: string) {
    this.folder = join(dir, 'hosts');
  }

  add(id: string): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, id), '');
  }

  remove(id: string): void {
    rmSync(join(this.folder, id), { force: true });
  }

  ids(): string[] {
    try {
      return readdirSync(this.folder);
    } catch {
      return [];
    }
  }
}

/**
 * Removes the hosts that an earlier simulator has left in a folder.
 *
 * @returns their ids
 */
export async function removeLeftHosts(command: string, dir: string): Promise<string[]> {
  const ledger = new Ledger(dir);
  const ids = ledger.ids();
  await Promise.all(
    ids.map(async (id) => {
      // One that never came to be, or that someone has removed: nothing is left of it.
      await runVerb(command, 'rm', id).catch(() => undefined);
      ledger.remove(id);
    }),
  );
  return ids;
}
