import type { Colors } from '../io.js';

/** Green, yellow, red: a list shows its trouble at a glance. */
export function healthText(health: string | null, colors: Colors): string | null {
  if (health === 'Healthy') return colors.green(health);
  if (health === 'Unhealthy') return colors.red(health);
  return health === null ? null : colors.yellow(health);
}
