/** What the first server of a new cluster does at its first boot. The counterpart of found.sh. */
import { metadataOf } from '../../machine/metadata.js';
import { ETC, has, read, SERVER, STARTED_WITH, STATE, write } from '../files.js';
import type { Job } from '../job.js';
import { installK3s } from './install.js';
import { writeConfig } from './service.js';
import { makeToken } from './start.js';

const PATHS = {
  INSTANCE_ID: 'instance-id',
  TYPE: 'instance-type',
  ZONE: 'placement/availability-zone',
  PRIVATE_IP: 'local-ipv4',
  PUBLIC_IP: 'public-ipv4',
} as const;

export async function found(job: Job): Promise<void> {
  const { machine } = job;
  if ([`${ETC}/config.yaml`, STARTED_WITH, SERVER].some((path) => has(machine, path))) return;
  await installK3s(job);
  makeToken(job, 'server-token');
  makeToken(job, 'agent-token');
  const known = metadataOf(machine);
  // One address for all stands once.
  if (known['public-ipv4'] === known['local-ipv4']) known['public-ipv4'] = null;
  const config = Object.entries(PATHS).reduce((text, [name, path]) => {
    const value = known[path];
    return value == null ? text.replaceAll(`,"@${name}@"`, '') : text.replaceAll(`@${name}@`, value);
  }, job.param('CONFIG'));
  writeConfig(job, config);
  const sum = read(machine, `${STATE}/config-sum`).trim();
  write(machine, STARTED_WITH, `boot-${job.param('FOUNDING')} ${job.param('K3S_VERSION')} ${sum}`);
  await job.run('systemctl', 'enable', 'k3s');
  await job.run('systemctl', 'start', '--no-block', 'k3s');
}
