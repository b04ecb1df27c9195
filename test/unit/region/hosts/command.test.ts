import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostCommandError, runVerb } from '../../../../packages/aws-simulator/src/hosts/command.js';
import { hostSettings } from '../../../../packages/aws-simulator/src/hosts/settings.js';
import { describeHostContract } from '../../../support/host-contract.js';

const FAKE = fileURLToPath(new URL('./fake-host', import.meta.url));

let folder: string;
let command: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-fake-hosts-'));
  command = `env FAKE_HOSTS='${folder}' '${FAKE}'`;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const METADATA = { address: '169.254.169.254', port: 80 };

describe('the fake host command', () => {
  describeHostContract(() => ({ command, address: '127.0.0.9' }));
});

describe('a verb that fails', () => {
  it('is reported with what the command said last', async () => {
    const failed = runVerb(command, 'start', 'i-nowhere');
    await expect(failed).rejects.toThrow(HostCommandError);
    await expect(failed).rejects.toThrow(
      "the host command's start i-nowhere ended with exit code 1: fake host: no such host: i-nowhere",
    );
  });
});

describe('the settings', () => {
  it.each([
    { env: {}, settings: null },
    { env: { KEELSON_HOST_COMMAND: '' }, settings: null },
    {
      env: { KEELSON_HOST_COMMAND: '/opt/host' },
      settings: { command: '/opt/host', address: '10.77.0.1', network: '10.77.0.0/24', metadata: METADATA },
    },
    {
      env: { KEELSON_HOST_COMMAND: 'ssh lab host', KEELSON_HOST_ADDRESS: '192.168.122.1' },
      settings: { command: 'ssh lab host', address: '192.168.122.1', network: '192.168.122.0/24', metadata: METADATA },
    },
  ])('of $env are $settings', ({ env, settings }) => {
    expect(hostSettings(env)).toEqual(settings);
  });

  it.each(['lab', '300.1.1.1', '0.0.0.0', '10.77.0'])('refuse the address %s', (address) => {
    const env = { KEELSON_HOST_COMMAND: '/opt/host', KEELSON_HOST_ADDRESS: address };
    expect(() => hostSettings(env)).toThrow(`KEELSON_HOST_ADDRESS: ${address} is not the IPv4 address`);
  });
});
