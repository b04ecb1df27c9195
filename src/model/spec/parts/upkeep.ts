import * as z from 'zod';
import { SHARE } from '../../unavailable.js';
import { cron, duration, flag, text, whole } from './field.js';

/** Of a document without `spec.backup`; its backups were asked for by hand. */
export const KEEP_AFTER_DELETE = '30d';

const timezone = () =>
  text(/^[A-Za-z][A-Za-z0-9_+\-/]*$/, 'is not an IANA time zone', 'IANA time zone.', 'Europe/Berlin');

export const backup = z
  .strictObject({
    schedule: cron('When an etcd snapshot is saved to the bucket, in UTC.', '0 * * * *').default('0 * * * *'),
    keep: z
      .strictObject({
        hourly: whole(0, 1000, 'The newest of each of so many hours in which there is one.', 24).default(24),
        daily: whole(0, 1000, 'The newest of each of so many days.', 7).default(7),
        weekly: whole(0, 1000, 'The newest of each of so many weeks.', 4).default(4),
      })
      .prefault({})
      .describe('Which backups are kept besides those of the last 24 hours and the newest.'),
    restore: z
      .enum(['manual', 'automatic'])
      .default('manual')
      .describe(
        'Whether Keelson restores the newest backup without a request when every server is lost together with its disk and the backup is as young as the schedule promises. In all other cases a person decides.',
      ),
    drill: z
      .enum(['never', 'weekly'])
      .default('never')
      .describe(
        'Whether the newest backup is restored each week on a machine of its own, which is launched for it and terminated after minutes.',
      ),
    keepAfterDelete: text(
      /^\d{1,4}d$/,
      'is not a number of days',
      'How long the backups stay after the cluster was deleted, in days; 0d deletes them with it.',
      KEEP_AFTER_DELETE,
    ).default(KEEP_AFTER_DELETE),
  })
  .describe('Regular backups: etcd snapshots in the bucket. Without it there are those that are asked for.');

export const hibernation = z
  .strictObject({
    stop: cron('When the cluster is stopped.', '0 20 * * 1-5'),
    start: cron('When the cluster is started.', '0 7 * * 1-5'),
    timezone: timezone().default('UTC'),
  })
  .describe('Stops and starts the cluster by the clock.');

export const upgrade = z
  .strictObject({
    maxUnavailable: z
      .union([
        whole(1, 50, 'So many.', 1),
        text(
          SHARE,
          'is not a share in percent, 1% to 99%',
          'A share of the pool, rounded down, but at least one.',
          '10%',
        ),
      ])
      .default(1)
      .describe(
        'Agents of one pool that a change may take away at the same time, as a number or a share. Agents that are away anyway count; one at a time is always possible.',
      ),
    drainTimeout: duration('How long a drain may take before it is given up.', '5m').default('5m'),
    drain: z
      .strictObject({
        force: flag(
          'Whether pods without a controller go too: they are lost. Without it they hold up the drain until it fails.',
        ).default(false),
        deleteEmptyDir: flag(
          'Whether pods with emptyDir volumes go too: what is in these volumes is lost. Without it they make the drain fail.',
        ).default(true),
      })
      .prefault({})
      .describe('What a drain may take from a node. PodDisruptionBudgets are respected in any case.'),
    window: z
      .strictObject({
        start: cron('When the window opens.', '0 2 * * 6'),
        duration: duration('How long it stays open.', '4h'),
        timezone: timezone().default('UTC'),
      })
      .optional()
      .describe(
        'When Keelson may restart K3s for upkeep that has no request: renewed certificates, a defragmented etcd. Without it: at any time.',
      ),
  })
  .prefault({})
  .describe('How nodes are changed.');

export const REPLACE_AFTER = '30m';

export const health = z
  .strictObject({
    gracePeriod: duration('How long a node may be not Ready before it counts.', '90s').default('90s'),
    autoRepair: flag('Whether Keelson repairs broken nodes without being asked.').default(true),
    replaceAfter: duration(
      'How long Kubernetes must call a node not Ready before Keelson replaces its instance, after gentler steps have failed. Half of it, at most 15 minutes, is left to the automatic recovery of EC2.',
      REPLACE_AFTER,
    ).default(REPLACE_AFTER),
    keepVolume: z
      .enum(['snapshot', 'keep', 'delete'])
      .default('snapshot')
      .describe(
        'What happens to the root volume of an instance that Keelson replaces: a snapshot is made, the volume itself is kept, or it is deleted. The local-path volumes of K3s are on it.',
      ),
  })
  .prefault({})
  .describe('What counts as ill, and what is done.');

export const deletion = z
  .strictObject({
    protect: flag('Refuses delete until it is set to false.').default(false),
  })
  .prefault({})
  .describe('What stands in the way of a delete.');
