/** Whether the SSM agent of an instance gets as far as to take commands. */
import type { Instance, World } from '../contract.js';

/**
 * What the role of an instance must allow before commands reach it: the agent's heartbeat, and the channel on which commands come
 * and are answered. [Systems Manager user guide: ssmmessages; amazon-ssm-agent: messageservice]
 */
const AGENT_NEEDS = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:OpenControlChannel',
] as const;

/** @returns false for an agent that its role keeps from registering; the record tells which action lacked */
export async function mayRegister(world: World, instance: Instance): Promise<boolean> {
  for (const action of AGENT_NEEDS) {
    if (await world.agentMay(instance, action)) continue;
    world.note('agent-refused', { instanceId: instance.id, action });
    return false;
  }
  return true;
}
