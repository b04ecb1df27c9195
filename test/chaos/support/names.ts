export const OPERATIONS = [
  'create dev',
  'create ha',
  'stop',
  'start',
  'resize',
  'add agents',
  'remove agents',
  'apply config',
  'repair',
  'delete',
] as const;
export type OperationName = (typeof OPERATIONS)[number];
