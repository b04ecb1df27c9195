// The Temporal server of tests that skips time. It is a Java program from Maven Central, pinned in test-server/pom.xml.
// Run as a program it prints the path of the executable.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onPath } from './python.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const tools = join(here, '..', '..', '.tools');
const sums = join(here, 'test-server', 'jars.sha256');
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

export const TEST_SERVER_REMEDY =
  'install a Java runtime and Maven (on Debian and Ubuntu: apt-get install default-jre-headless maven), or set TEMPORAL_TEST_SERVER to the path of a temporal-test-server';

/**
 * Path of an executable that takes a port: TEMPORAL_TEST_SERVER, `temporal-test-server` on PATH, or .tools/test-server, filled
 * by Maven where Java and Maven are. Undefined where none of these can be had: the SDK's own download is left then.
 * Throws when what was named or fetched is not what it should be.
 * @returns {string | undefined}
 */
export function findTestServer() {
  const named = process.env.TEMPORAL_TEST_SERVER;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`TEMPORAL_TEST_SERVER is ${named}, which does not exist: ${TEST_SERVER_REMEDY}`);
  }
  const found = onPath('temporal-test-server');
  if (found) return found;
  const folder = join(tools, 'test-server');
  const launcher = join(folder, 'temporal-test-server');
  const wanted = readFileSync(sums, 'utf8');
  if (existsSync(launcher) && readFileSync(join(folder, 'jars.sha256'), 'utf8') === wanted) return launcher;
  const java = onPath('java');
  const maven = onPath('mvn');
  if (!java || !maven) return undefined;
  mkdirSync(tools, { recursive: true });
  // Filled aside and moved into place whole: one that was interrupted is never taken for one that exists.
  const fresh = mkdtempSync(join(tools, 'test-server-'));
  try {
    fetchJars(maven, join(fresh, 'lib'), wanted);
    writeFileSync(join(fresh, 'temporal-test-server'), launcherText());
    chmodSync(join(fresh, 'temporal-test-server'), 0o755);
    writeFileSync(join(fresh, 'jars.sha256'), wanted);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return launcher;
}

/** A small heap and the simple collector: it shares the machine with the tests. */
const launcherText = () =>
  `#!/bin/sh
here=$(dirname "$0")
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx1g -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
`;

function fetchJars(maven, lib, wanted) {
  const done = spawnSync(
    maven,
    [
      '-q',
      '-B',
      '-f',
      join(here, 'test-server', 'pom.xml'),
      plugin,
      `-DoutputDirectory=${lib}`,
      '-DincludeScope=runtime',
    ],
    { encoding: 'utf8' },
  );
  if (done.status !== 0)
    throw new Error(
      `Maven could not fetch the time-skipping test server: ${(done.stderr + done.stdout).trim().slice(-2000)}\n${TEST_SERVER_REMEDY}`,
    );
  const actual = readdirSync(lib)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(lib, name)))
          .digest('hex')}  ${name}`,
    );
  const pinned = wanted.trim().split('\n');
  const strange = actual.filter((line) => !pinned.includes(line));
  if (strange.length > 0 || actual.length !== pinned.length)
    throw new Error(`what Maven fetched is not what ${sums} pins: ${strange.join(', ') || 'jars are missing'}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const path = findTestServer();
    if (path === undefined) throw new Error(`there is no time-skipping test server: ${TEST_SERVER_REMEDY}`);
    process.stdout.write(`${path}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
