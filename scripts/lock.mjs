// Whether package-lock.json pins what it installs. Part of `npm run check`.
//   node scripts/lock.mjs [FILE]
// npm leaves the integrity out of optional packages of other systems when the lock is written from a node_modules folder that has none of them, and then
// installs there whatever the registry gives. [npm docs: package-lock.json, integrity]
import { readFileSync } from 'node:fs';

/** Packages that may run a script when they are installed: native parts of tools. */
const SCRIPTS_ALLOWED = new Set(['@swc/core', 'esbuild', 'protobufjs']);
const MEND = 'delete these entries and run npm install --package-lock-only in a folder without node_modules';

const file = process.argv[2] ?? 'package-lock.json';
const { packages } = JSON.parse(readFileSync(file, 'utf8'));
const problems = Object.entries(packages).flatMap(([path, entry]) => {
  // The repository itself and its packages: they come from no registry.
  if (!path.includes('node_modules/') || entry.link === true) return [];
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return [
    ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? '')
      ? []
      : [`${path} has no integrity by SHA-512: ${MEND}`]),
    ...(entry.hasInstallScript === true && !SCRIPTS_ALLOWED.has(name)
      ? [`${path} runs a script when it is installed: read it, then list it in scripts/lock.mjs, or do without it`]
      : []),
    ...(/^(?!https:\/\/registry\.npmjs\.org\/)/.test(entry.resolved ?? 'https://registry.npmjs.org/')
      ? [`${path} comes from ${entry.resolved}, not from the public registry`]
      : []),
  ];
});
for (const problem of problems) console.error(`${file}: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
