export const OPERATIONS = [
  'create dev',
  'create ha',
  'stop',
  'start',
  'resize',
  'add agents',
  'remove agents',
  'apply config',
  'delete',
] as const;
export type OperationName = (typeof OPERATIONS)[number];
