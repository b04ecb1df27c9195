/** Charts of critical paths: a line for each link, a character for each second. */

/** What a link is, in words; the names are those of the region's record. */
const LINKS = {
  run: 'RunInstances answers',
  launch: 'pending to running',
  boot: 'the operating system',
  agent: 'the SSM agent registers',
  deliver: 'a command arrives',
  download: 'K3s from the mirror',
  found: 'the first server',
  join: 'a server asks etcd for admission',
  'join-retry': 'asks again, each second, until the one before is known for 5 s',
  'peer-health': 'etcd knows the member for 5 s',
  promote: 'a learner may vote',
  'datastore-test': "K3s's test of its datastore, each 5 s",
  serve: 'its API answers',
  rejoin: 'K3s is started again, for its lost announcement',
  ready: 'its node is Ready',
  report: 'the command reports',
};

/**
 * @param {string} chain as `bench -- create` writes it: `run 1.6, launch 11.3, ...`, seconds
 * @returns {string} lines of at most 140 characters
 */
export function pathChart(chain) {
  let at = 0;
  const lines = chain.split(', ').map((link) => {
    const [kind, seconds] = link.split(' ');
    const [from, to] = [Math.round(at), Math.round(at + Number(seconds))];
    at += Number(seconds);
    const bar = `${' '.repeat(from)}${'#'.repeat(Math.max(1, to - from))}`;
    return `${kind.padEnd(15)}${seconds.padStart(5)} ${bar}`;
  });
  return lines.join('\n');
}

/** @returns {string} a table of what the links of these chains are */
export function pathLegend(...chains) {
  const kinds = new Set(chains.flatMap((chain) => chain.split(', ').map((link) => link.split(' ')[0])));
  return [...kinds].map((kind) => `- \`${kind}\`: ${LINKS[kind]}`).join('\n');
}
