// Runs command lines of the built program one after the other, or side by side, in this process, as `src/client.ts` does in one of its own: the modules are read
// once, and not for each command line. Started by command-host.ts, with the environment and the folder of a person.
import { Readable, Writable } from 'node:stream';
import '../../../dist/config/quiet-aws.js';

const { runCli } = await import('../../../dist/cli/program.js');
const { userName } = await import('../../../dist/cli/user.js');

const streamTo = (id, name) =>
  new Writable({
    write(chunk, _encoding, done) {
      process.send({ id, name, text: chunk.toString() });
      done();
    },
  });

process.on('message', async ({ id, args }) => {
  const code = await runCli(args, {
    env: process.env,
    cwd: process.cwd(),
    stdout: streamTo(id, 'stdout'),
    stderr: streamTo(id, 'stderr'),
    stdin: Readable.from([]),
    user: userName(),
    signal: new AbortController().signal,
  });
  process.send({ id, code });
});
process.on('disconnect', () => process.exit());
