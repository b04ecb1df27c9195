import type { Kill, Moment } from './kill.js';
import { OPERATIONS, type OperationName } from './names.js';

const MOMENTS: readonly Moment[] = ['before', 'late', 'after', 'between'];
const THEN = ', then ';

/** One run of an operation, to be done again alone. */
export interface Only {
  operation: OperationName;
  kills: Kill[];
}

/** What has to come before, on a new cluster. */
export const BEFORE: Record<OperationName, readonly OperationName[]> = {
  'create dev': [],
  'create ha': [],
  stop: ['create ha'],
  start: ['create ha', 'stop'],
  resize: ['create ha'],
  'add agents': ['create ha'],
  'remove agents': ['create ha', 'add agents'],
  'apply config': ['create ha'],
  repair: ['create ha'],
  'repair unasked': ['create ha'],
  'repair sick': ['create ha'],
  backup: ['create ha'],
  restore: ['create ha'],
  'restore back': ['create ha'],
  'restore lost': ['create ha'],
  'restore unasked': ['create ha'],
  'restore into': ['create ha'],
  drill: ['create ha'],
  rotate: ['create ha'],
  delete: ['create ha'],
};

/** `stop: after ec2.StopInstances server-1 #1, then between+31 ssm.SendCommand uncordon-server-0 #1` */
export function textOf({ operation, kills }: { operation: OperationName; kills: readonly Kill[] }): string {
  return `${operation}: ${kills.map(killText).join(THEN)}`;
}

const killText = ({ moment, at, delayMs }: Kill): string =>
  `${moment}${moment === 'between' ? `+${delayMs ?? 0}` : ''} ${at}`;

/** The command that does it again. */
export const commandOf = (only: { operation: OperationName; kills: readonly Kill[] }): string =>
  `npm run chaos -- --only "${textOf(only)}"`;

/** @throws Error that tells what was expected */
export function parseOnly(text: string): Only {
  const [, name = '', rest = ''] = /^([^:]+):\s*(.*)$/.exec(text) ?? [];
  const operation = OPERATIONS.find((one) => one === name.trim());
  if (operation === undefined)
    throw new Error(`"${text}" does not begin with an operation and a colon: ${OPERATIONS.join(', ')}`);
  return { operation, kills: rest.trim() === '' ? [] : rest.split(THEN).map(parseKill) };
}

function parseKill(text: string): Kill {
  const [, name, delay, at = ''] = /^(\w+)(?:\+(\d+))? (.+)$/.exec(text.trim()) ?? [];
  const moment = MOMENTS.find((one) => one === name);
  if (moment === undefined)
    throw new Error(
      `"${text}" is no kill: <${MOMENTS.join('|')}> <boundary>, such as after ec2.RunInstances server-0 #1`,
    );
  return {
    moment,
    at: /^\d+$/.test(at) ? Number(at) : at,
    ...(moment === 'between' && { delayMs: Number(delay ?? 0) }),
  };
}
