/** One change of a machine, as `POST /_region/machines/<id>` takes it. */
import * as z from 'zod';
import { ALARMS } from './k3s/etcd.js';
import { PRESSURES } from './machine/troubles.js';

export const changeSchema = z
  .strictObject({
    service: z.enum(['stop', 'kill', 'start']).optional(),
    agent: z.enum(['dead', 'alive']).optional(),
    agentStays: z.boolean().optional(),
    diskUsedPercent: z.int().min(0).max(100).nullable().optional(),
    clockOffsetSeconds: z.int().nullable().optional(),
    certificateDays: z.number().nullable().optional(),
    authorityDays: z.number().nullable().optional(),
    databaseMiB: z.int().nonnegative().nullable().optional(),
    databaseUsedMiB: z.int().nonnegative().nullable().optional(),
    alarm: z.enum(ALARMS).nullable().optional(),
    pressure: z.array(z.enum(PRESSURES)).optional(),
    readyz: z.array(z.string().regex(/^\S+$/)).optional(),
    notReady: z.boolean().optional(),
    tags: z.record(z.string(), z.string()).nullable().optional(),
  })
  .refine(({ agent, agentStays }) => agentStays === undefined || agent === 'dead', 'agentStays is for agent dead only');

export type MachineChange = z.output<typeof changeSchema>;
