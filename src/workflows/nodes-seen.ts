import type { NodeView } from '../model/observation.js';

/** Reads the `node.<name>=<ready>,<votes>,<version>,<schedulable>,<ip>,<pressures>` lines of the verify script. */
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
        ...(result['labels'] === 'compared' && { differs: result[`differs.${key.slice('node.'.length)}`] ?? '' }),
        ...(pressures !== '-' && pressures !== '' && { pressures: pressures.split('+') }),
      },
    ];
  });
}

/** Names, or addresses before they have started, of the members of etcd that have no Node: the `member.<name>=` lines. */
export function parseStrayMembers(result: Record<string, string>): string[] {
  return Object.keys(result).flatMap((key) => (key.startsWith('member.') ? key.slice('member.'.length) : []));
}
