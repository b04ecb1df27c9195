import type { NodeStatus, StatusView } from '../../model/status.js';
import { knownOperations, stepTimes } from '../views/steps.js';

/** Spinner and blanks. */
const BESIDE = 4;

/**
 * Returns what is done on a node and how long that takes and usually takes. Where the line fits, it ends with instance and address.
 *
 * @param columns of the terminal
 * @param now milliseconds since 1970
 */
export function nodeLine(
  node: NodeStatus,
  status: StatusView,
  { columns, now }: { columns: number; now: number },
): string {
  const what = node.doing ?? (node.ready === 'True' ? 'Ready' : node.instanceId === null ? 'no instance' : node.power);
  const step = status.operation?.steps.find((one) => one.slot === node.slot && one.outcome === 'running');
  const times = step === undefined ? '' : ` (${stepTimes(step, knownOperations(status), now)})`;
  const line = `${node.slot}: ${what}${times}`;
  const where = [node.instanceId, node.privateIp].filter((part) => part !== null).join(' ');
  return where === '' || line.length + where.length + BESIDE > columns ? line : `${line}  ${where}`;
}
