import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { machineFolder, removeFolder } from '../../../../packages/aws-simulator/src/machine/folder.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-folders-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('folders of machines that end together are removed while the region goes on', async () => {
  // Prepare
  const folders = ['i-1', 'i-2', 'i-3'].map((id) => machineFolder(dir, id));
  for (const { root } of folders) mkdirSync(join(root, 'etc'), { recursive: true });
  const left = () => folders.filter(({ base }) => existsSync(base)).length;

  // Act
  const removed = folders.map((folder) => removeFolder(folder));
  const atOnce = left();
  await Promise.all(removed);

  // Assess
  expect({ atOnce, after: left() }).toEqual({ atOnce: 3, after: 0 });
});
