/**
 * Ends its parent's processes when the parent is gone, for whatever reason: the pipe on stdin closes with the parent, even after a kill.
 * Reads lines `+<pid>` and `-<pid>`; each pid leads its own process group.
 */
const watched = new Set<number>();
const GRACE_MS = 8_000;

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) watched.add(pid);
    else watched.delete(pid);
  }
});
process.stdin.on('end', () => {
  signal('SIGTERM');
  const started = Date.now();
  const timer = setInterval(() => {
    for (const pid of watched) if (!isAlive(pid)) watched.delete(pid);
    if (watched.size === 0) clearInterval(timer);
    else if (Date.now() - started > GRACE_MS) {
      signal('SIGKILL');
      clearInterval(timer);
    }
  }, 100);
});
// The parent handles a Ctrl-C in the terminal.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

function signal(name: NodeJS.Signals): void {
  for (const pid of watched) {
    try {
      process.kill(-pid, name);
    } catch {
      watched.delete(pid);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
