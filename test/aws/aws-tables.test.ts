/** A second source for the tables of the local region: botocore's models, which come with moto. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ensureMoto } from '../../scripts/tools/install.mjs';

test('botocore and the SDK agree on members and filters, and the limits are those of botocore', async () => {
  await ensureMoto();
  const script = new URL('../../scripts/aws-tables.mjs', import.meta.url).pathname;

  const check = () => execFileSync(process.execPath, [script, '--check', '--botocore'], { stdio: 'pipe' });

  expect(check).not.toThrow();
});
