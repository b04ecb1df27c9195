import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 200;
const LIMIT_MS = 300_000;
const PROMPT = /(^|\n)\$\s*$/;

const SIZES = { '80x24': [80, 24], '140x40': [140, 40] };
const SHELLS = Object.entries(SIZES).flatMap(([size, [columns, rows]]) => [
  { name: size, columns, rows, env: {} },
  { name: `${size}-plain`, columns, rows, env: { NO_COLOR: '1' } },
]);

/** Colours of a dark terminal. */
const COLOURS = {
  31: '#f07178',
  32: '#99d98c',
  33: '#ffd866',
  34: '#82aaff',
  35: '#c792ea',
  36: '#89ddff',
  90: '#7a8691',
};
const [BACK, FRONT] = ['#001528', '#d6deeb'];
/** Of DejaVu Sans Mono at 14 pixels. */
const [CHARACTER, LINE] = [8.43, 18];

/** Four terminals in tmux, each a shell: two sizes, with and without colours. */
export function openTerminals({ browser, folder, cwd, env }) {
  const socket = `keelson-pictures-${process.pid}`;
  const tmux = (...words) => execFileSync('tmux', ['-L', socket, ...words], { encoding: 'utf8' });
  for (const { name, columns, rows, env: own } of SHELLS) {
    const variables = { TERM: 'xterm-256color', ...env, ...own };
    const set = Object.entries(variables).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
    const size = ['-x', String(columns), '-y', String(rows)];
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', name, ...size, '-c', cwd, ...set, 'bash --norc --noprofile');
    tmux('set', '-t', name, 'status', 'off');
    // The user's shell, which tmux starts first, may have a PATH and a prompt of its own.
    tmux('send-keys', '-t', name, `PS1='$ ' PATH='${variables.PATH}'; clear`, 'Enter');
  }
  let isOpen = true;
  const names = SHELLS.map(({ name }) => name);
  const type = (name, line) => tmux('send-keys', '-t', name, `clear; ${line}`, 'Enter');
  const textOf = (name) => tmux('capture-pane', '-p', '-t', name);

  async function until(name, pattern) {
    for (const end = Date.now() + LIMIT_MS; !pattern.test(textOf(name)); await sleep(PAUSE_MS))
      if (Date.now() > end) throw new Error(`${name} never shows ${pattern}:\n${textOf(name)}`);
  }

  const idle = (name) => until(name, PROMPT);

  async function shot(name, what) {
    const { columns, rows } = SHELLS.find((one) => one.name === name);
    const screen = tmux('capture-pane', '-e', '-p', '-t', name).replace(/\n$/, '');
    const viewport = { width: Math.ceil(columns * CHARACTER + 24), height: rows * LINE + 20 };
    const page = await browser.newPage({ viewport });
    await page.setContent(
      `<body style="margin:0;background:${BACK}"><pre style="margin:10px 12px;color:${FRONT};font:14px/${LINE}px 'DejaVu Sans Mono',monospace">${htmlOf(screen)}</pre>`,
    );
    await page.screenshot({ path: join(folder, `terminal-${what}-${name}.png`) });
    await page.close();
  }

  return {
    names,
    type,
    until,
    idle,
    shot,
    /** The same command in all terminals. */
    async each(line, what) {
      for (const name of names) type(name, line);
      await sleep(1_000);
      for (const name of names) await idle(name);
      for (const name of names) await shot(name, what);
    },
    /** Repeats the command until it prints the pattern. */
    async attempt(name, line, pattern) {
      for (const end = Date.now() + LIMIT_MS; ; ) {
        type(name, line);
        await sleep(1_000);
        await idle(name);
        if (pattern.test(textOf(name))) return;
        if (Date.now() > end) throw new Error(`${line} never prints ${pattern}`);
      }
    },
    /** Ctrl-C in each. */
    async leave() {
      for (const name of names) tmux('send-keys', '-t', name, 'C-c');
      for (const name of names) await idle(name);
    },
    close() {
      if (isOpen) tmux('kill-server');
      isOpen = false;
    },
  };
}

const ESCAPE = String.fromCharCode(27);

/** Colours, bold and dim of a captured pane as HTML. */
function htmlOf(screen) {
  let [colour, bold, dim] = [null, false, false];
  return screen
    .split(new RegExp(`(${ESCAPE}\\[[0-9;]*m)`))
    .map((part) => {
      const codes = part.startsWith(ESCAPE) ? part.slice(2, -1).split(';').map(Number) : null;
      if (codes === null) return styled(part, colour, bold, dim);
      for (const code of codes) {
        if (code === 0) [colour, bold, dim] = [null, false, false];
        else if (code === 1) bold = true;
        else if (code === 2) dim = true;
        else if (code === 22) [bold, dim] = [false, false];
        else if (code === 39) colour = null;
        else colour = COLOURS[code] ?? colour;
      }
      return '';
    })
    .join('');
}

function styled(text, colour, bold, dim) {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const style = [colour && `color:${colour}`, bold && 'font-weight:bold', dim && 'opacity:.65'].filter(Boolean);
  return style.length === 0 || safe === '' ? safe : `<span style="${style.join(';')}">${safe}</span>`;
}
