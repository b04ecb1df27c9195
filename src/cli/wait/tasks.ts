import { Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import type { StatusView } from '../../model/status.js';
import type { Io } from '../io.js';
import { headOf } from './lines.js';
import { nodeLine } from './node-line.js';
import type { Outcome, Progress } from './progress.js';

/** How often the elapsed times on the terminal are brought up to date. */
const TICK_MS = 1_000;
/** Columns of a terminal that does not tell. */
const WIDE = 80;

interface Board {
  /** Called with each status, and each second with the latest one, until the wait is over. */
  onStatus(see: (status: StatusView) => void): void;
  ended: Promise<Outcome>;
}

/** Returns a line for the cluster and one a node, redrawn in place. */
export function createTasks(io: Io, title: string, slots: readonly string[]): Progress {
  const seers = new Set<(status: StatusView) => void>();
  let latest: StatusView | null = null;
  let finish: (outcome: Outcome) => void = () => undefined;
  const ended = new Promise<Outcome>((resolve) => {
    finish = resolve;
  });
  const board: Board = {
    ended,
    onStatus: (see) => {
      seers.add(see);
      if (latest !== null) see(latest);
    },
  };
  const terminal = io.stderr as NodeJS.WriteStream;
  const output = new ProcessOutput(terminal, terminal);
  let drawn: Promise<unknown> | null = null;
  const seeLatest = (): void => {
    if (latest !== null) for (const see of seers) see(latest);
  };
  // A status comes only when something has changed; the time passes meanwhile.
  const ticking = setInterval(seeLatest, TICK_MS).unref();
  const draw = (names: readonly string[]): void => {
    const tasks = [
      clusterTask(title, board),
      ...names.map((slot) => nodeTask(slot, board, () => terminal.columns ?? WIDE)),
    ];
    drawn = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: {
        logger: new ListrLogger({ processOutput: output }),
        collapseErrors: false,
        showErrorMessage: false,
      },
    }).run();
  };
  return {
    show(status) {
      latest = status;
      if (drawn === null) draw(slots.length > 0 ? slots : status.nodes.map((node) => node.slot));
      seeLatest();
    },
    note: (line) => output.toStderr(`${line}\n`),
    async end(outcome, line) {
      clearInterval(ticking);
      finish(outcome);
      await drawn;
      if (line !== null) terminal.write(`${line}\n`);
    },
  };
}

function clusterTask(title: string, board: Board): ListrTask {
  return {
    title,
    task: async (_context, task) => {
      let isAtWork = true;
      board.onStatus((status) => {
        isAtWork = status.operation !== null;
        task.title = `${title}: ${headOf(status, Date.now())}`;
      });
      const outcome = await board.ended;
      if (outcome === 'failed') throw new Error(title);
      // A delete ends with its workflow, which writes no last status.
      if (outcome === 'done' && isAtWork) task.title = `${title}: done`;
      // Neither done nor failed: the operation continues without a viewer.
      if (outcome === 'interrupted') task.skip(String(task.title));
    },
    rendererOptions: { persistentOutput: true },
  };
}

function nodeTask(slot: string, board: Board, columns: () => number): ListrTask {
  return {
    title: slot,
    task: async (_context, task) => {
      board.onStatus((status) => {
        const node = status.nodes.find((one) => one.slot === slot);
        if (node !== undefined) task.title = nodeLine(node, status, { columns: columns(), now: Date.now() });
      });
      if ((await board.ended) === 'interrupted') task.skip(String(task.title));
    },
  };
}
