// The table of the flags of `k3s server` and `k3s agent`, minor version by minor version: src/model/k3s/flags.ts.
//   git clone https://github.com/rancher/rke2 && node scripts/k3s-flags.mjs rke2
//
// RKE2 wraps both commands of K3s. Each of its releases lists every flag of the K3s version that its go.mod pins, and RKE2 does
// not start when one is missing or unknown [rancher/rke2: pkg/cli/cmds/k3sopts.go, commandFromK3S]. So these lists are complete. What type a flag has stands in kinds.mjs, read from K3s; a flag that is not there stops the script.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KINDS, REPLACED_BY, SHORT } from './k3s-flags/kinds.mjs';

const repository = process.argv[2];
if (repository === undefined) throw new Error('usage: node scripts/k3s-flags.mjs <clone of github.com/rancher/rke2>');
const TABLE = fileURLToPath(new URL('../src/model/k3s/flags.ts', import.meta.url));

/** From here on the lists tell what K3s has dropped: of these only the last list of each minor counts. */
const OLDEST = 24;
/** From here on every release is read. */
const OLDEST_CHECKED = 31;
const NEWEST = 36;

const git = (...args) => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' });

/** Names of the flags that a branch or tag lists for a command. */
function listed(at, command) {
  const source = git('show', `${at}:pkg/cli/cmds/${command}.go`);
  const list = /mustCmdFromK3S\([^\n]*K3SFlagSet\{\n([\s\S]*?)\n\t\}\)/.exec(source)?.[1] ?? '';
  return [...list.matchAll(/^\t\t"([a-z0-9-]+)":/gm)].map(([, name]) => name);
}

const release = (at, minor, patch) => ({ at, minor, patch, server: listed(at, 'server'), agent: listed(at, 'agent') });

/** RKE2 numbers its releases as K3s does. */
const tags = git('tag')
  .split('\n')
  .flatMap((tag) => {
    const [, minor, patch] = (/^v1\.(\d+)\.(\d+)\+rke2r1$/.exec(tag) ?? []).map(Number);
    return minor >= OLDEST_CHECKED && minor <= NEWEST ? [{ tag, minor, patch }] : [];
  })
  .sort((a, b) => a.minor - b.minor || a.patch - b.patch);
const releases = [
  ...Array.from({ length: OLDEST_CHECKED - OLDEST }, (_, index) => OLDEST + index).map((minor) =>
    release(`release-1.${minor}`, minor, 0),
  ),
  ...tags.map(({ tag, minor, patch }) => release(tag, minor, patch)),
];
const flags = [...new Set(releases.flatMap(({ server, agent }) => [...server, ...agent]))].sort();
const unknown = flags.filter((name) => KINDS[name] === undefined);
if (unknown.length > 0) throw new Error(`kinds.mjs does not say what kind of flag this is: ${unknown.join(', ')}`);

const checked = Array.from({ length: NEWEST - OLDEST_CHECKED + 1 }, (_, index) => OLDEST_CHECKED + index);

/** First release of each minor that has a flag, for the minors whose first release does not have it. */
function arrivals(name) {
  return checked.flatMap((minor) => {
    const ofMinor = releases.filter((one) => one.minor === minor);
    const first = ofMinor.find(({ server, agent }) => server.includes(name) || agent.includes(name));
    return first === undefined || first === ofMinor[0] ? [] : [`${minor}.${first.patch}`];
  });
}

function rowOf(name) {
  const has = releases.filter(({ server, agent }) => server.includes(name) || agent.includes(name));
  const on = ['server', 'agent'].filter((command) => releases.some((one) => one[command].includes(name)));
  const since = arrivals(name);
  const last = Math.max(...has.map(({ minor }) => minor));
  const fields = [
    `kind: '${KINDS[name]}'`,
    `on: '${on.length === 2 ? 'both' : on[0]}'`,
    ...(since.length > 0 ? [`since: [${since.map((one) => `'${one}'`).join(', ')}]`] : []),
    ...(last < NEWEST ? [`until: ${last}`] : []),
    ...(REPLACED_BY[name] === undefined ? [] : [`useInstead: '${REPLACED_BY[name]}'`]),
  ];
  return `  ${/^[a-z]+$/.test(name) ? name : `'${name}'`}: { ${fields.join(', ')} },`;
}

const sources = checked.map((minor) => {
  const { at } = releases.filter((one) => one.minor === minor).at(-1);
  const k3s = /k3s-io\/k3s v\S+-([0-9a-f]{12})/.exec(git('show', `${at}:go.mod`))?.[1] ?? '';
  return ` *   1.${minor}: ${at} (${git('rev-parse', `${at}^{commit}`).trim()}), which wraps K3s ${k3s}`;
});
writeFileSync(
  TABLE,
  `/**
 * Made by scripts/k3s-flags.mjs: run it again instead of editing this file.
 *
 * The flags that \`k3s server\` and \`k3s agent\` understand, as every release of github.com/rancher/rke2 lists them up to
${sources.join('\n')}
 * What K3s has dropped since 1.${OLDEST} comes from the release branches before them.
 */

/** What K3s's command line reads from the text of a value. [k3s source: pkg/cli/cmds/{server,agent,log,config}.go, urfave/cli] */
export type FlagKind = 'flag' | 'number' | 'duration' | 'text' | 'list';

export interface K3sFlag {
  kind: FlagKind;
  /** Which command knows it. Agents skip what only \`k3s server\` knows. */
  on: 'server' | 'agent' | 'both';
  /** Releases, as minor.patch, in which it came; minors before the first do not have it, those after the last always had. */
  since?: readonly string[];
  /** Last minor that had it. */
  until?: number;
  /** What K3s names in its place. */
  useInstead?: string;
}

/** Minor versions that the table was made from. */
export const CHECKED_MINORS = { oldest: ${OLDEST_CHECKED}, newest: ${NEWEST} } as const;

/** One letter that K3s takes for a flag. */
export const SHORT_FLAGS: Readonly<Record<string, string>> = {
${Object.entries(SHORT)
  .map(([letter, name]) => `  ${letter}: '${name}',`)
  .join('\n')}
};

// biome-ignore format: one flag a line
export const K3S_FLAGS: Readonly<Record<string, K3sFlag>> = {
${flags.map(rowOf).join('\n')}
};
`,
);
console.log(`${flags.length} flags of K3s 1.${OLDEST} to 1.${NEWEST} -> src/model/k3s/flags.ts`);
