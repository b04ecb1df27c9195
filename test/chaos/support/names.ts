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
  'repair unasked',
  'repair sick',
  'backup',
  'restore',
  'restore lost',
  'rotate',
  'delete',
] as const;
export type OperationName = (typeof OPERATIONS)[number];
