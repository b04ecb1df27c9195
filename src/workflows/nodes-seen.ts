import type { NodeView } from '../model/observation.js';

/** Reads the `node.<name>=<ready>,<voter>,<version>,<schedulable>,<ip>,<pressures>` lines of the verify script. */
export function parseNodes(result: Record<string, string>): NodeView[] {
  return Object.entries(result).flatMap(([key, value]) => {
    if (!key.startsWith('node.')) return [];
    const [ready, voter, version = '', schedulable, internalIp = '', pressures = '-'] = value.split(',');
    return [
      {
        name: key.slice('node.'.length),
        ready: ready === 'True',
        voter: voter === '-' || voter === undefined ? null : voter === 'True',
        version,
        schedulable: schedulable === 'true',
        internalIp,
        ...(pressures !== '-' && pressures !== '' && { pressures: pressures.split('+') }),
      },
    ];
  });
}
