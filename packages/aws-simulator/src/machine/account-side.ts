/** What EC2 and SSM show of a machine and someone may change, whatever kind of machine it is: its tags and its agent. */
import type { ManagedMachine } from './managed.js';

export interface AccountSide {
  agent?: 'dead' | 'alive' | undefined;
  agentStays?: boolean | undefined;
  /** Null: all tags that Keelson finds its instances by are removed. */
  tags?: Record<string, string> | null | undefined;
}

export function touchAccountSide({ agent, instance }: ManagedMachine, wanted: AccountSide): void {
  if (wanted.tags !== undefined) setTags(instance.tags, wanted.tags);
  if (wanted.agent === 'dead') agent.kill(wanted.agentStays ?? false);
  if (wanted.agent === 'alive') agent.revive();
}

function setTags(tags: Record<string, string>, wanted: Record<string, string> | null): void {
  if (wanted !== null) Object.assign(tags, wanted);
  else for (const key of Object.keys(tags)) if (key.startsWith('keelson:')) delete tags[key];
}
