/** Decides whether the SSM agent of an instance gets as far as taking commands. */
import type { Instance, World } from '../contract.js';

/**
 * Permissions that the role of an instance needs before commands reach it: the agent's heartbeat, and the channel of commands and answers.
 * [Systems Manager user guide: ssmmessages; amazon-ssm-agent: messageservice]
 */
const AGENT_NEEDS = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:OpenControlChannel',
] as const;

/** @returns false for an agent whose role keeps it from registering; the record names the missing action */
export async function mayRegister(world: World, instance: Instance): Promise<boolean> {
  for (const action of AGENT_NEEDS) {
    if (await world.agentMay(instance, action)) continue;
    world.note('agent-refused', { instanceId: instance.id, action });
    return false;
  }
  return true;
}
