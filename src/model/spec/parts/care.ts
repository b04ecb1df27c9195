import { z } from 'zod';
import { cron, duration, flag, text, whole } from './field.js';

const timezone = () =>
  text(/^[A-Za-z][A-Za-z0-9_+\-/]*$/, 'is not an IANA time zone', 'IANA time zone.', 'Europe/Berlin');

export const backup = z
  .strictObject({
    schedule: cron('When an etcd snapshot is saved, in UTC.', '0 */6 * * *'),
    keep: whole(1, 1000, 'How many snapshots are kept.', 28).default(28),
  })
  .describe('Regular etcd snapshots.');

export const hibernation = z
  .strictObject({
    stop: cron('When the cluster is stopped.', '0 20 * * 1-5'),
    start: cron('When the cluster is started.', '0 7 * * 1-5'),
    timezone: timezone().default('UTC'),
  })
  .describe('Stops and starts the cluster by the clock.');

export const upgrade = z
  .strictObject({
    maxUnavailable: whole(1, 50, 'Agents of one pool that may be away at the same time.', 1).default(1),
    drainTimeout: duration('How long a drain may take before it is given up.', '5m').default('5m'),
    window: z
      .strictObject({
        start: cron('When the window opens.', '0 2 * * 6'),
        duration: duration('How long it stays open.', '4h'),
        timezone: timezone().default('UTC'),
      })
      .optional()
      .describe(
        'When upkeep that nobody has asked for may restart K3s: renewed certificates, a defragmented etcd. At any time without it.',
      ),
  })
  .prefault({})
  .describe('How nodes are changed.');

export const health = z
  .strictObject({
    gracePeriod: duration('How long a node may be not Ready before it counts.', '90s').default('90s'),
    autoRepair: flag('Whether broken nodes are put right without being asked.').default(true),
  })
  .prefault({})
  .describe('What counts as ill, and what is done.');

export const deletion = z
  .strictObject({
    protect: flag('Refuses delete until it is set to false.').default(false),
  })
  .prefault({})
  .describe('What stands in the way of a delete.');
