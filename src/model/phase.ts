/** Phases for people. Display only: decisions read the state, the observation and the conditions. */
export const PHASES = [
  'Pending',
  'Provisioning',
  'Installing',
  'Configuring',
  'Running',
  'Stopping',
  'Stopped',
  'Starting',
  'Updating',
  'Deleting',
  'Failed',
] as const;

export type Phase = (typeof PHASES)[number];
