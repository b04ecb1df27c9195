import { Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import type { NodeStatus, StatusView } from '../../model/status.js';
import type { Io } from '../io.js';
import { headOf } from './lines.js';
import type { Outcome, Progress } from './progress.js';

interface Board {
  /** Called with each status until the wait is over. */
  onStatus(see: (status: StatusView) => void): void;
  ended: Promise<Outcome>;
}

/** A line for the cluster and one a node, redrawn in place. */
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
  const draw = (names: readonly string[]): void => {
    const tasks = [clusterTask(title, board), ...names.map((slot) => nodeTask(slot, board))];
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
      for (const see of seers) see(status);
    },
    note: (line) => output.toStderr(`${line}\n`),
    async end(outcome, line) {
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
      board.onStatus((status) => {
        task.title = `${title}: ${headOf(status)}`;
      });
      const outcome = await board.ended;
      if (outcome === 'failed') throw new Error(title);
      // Not done, and not failed: it goes on without anybody who looks.
      if (outcome === 'left') task.skip(String(task.title));
    },
    rendererOptions: { persistentOutput: true },
  };
}

function nodeTask(slot: string, board: Board): ListrTask {
  return {
    title: slot,
    task: async (_context, task) => {
      board.onStatus((status) => {
        const node = status.nodes.find((one) => one.slot === slot);
        if (node !== undefined) task.title = nodeLine(node);
      });
      if ((await board.ended) === 'left') task.skip(String(task.title));
    },
  };
}

function nodeLine(node: NodeStatus): string {
  const where = [node.instanceId, node.privateIp].filter((part) => part !== null).join(' ');
  const what = node.doing ?? (node.ready === 'True' ? 'Ready' : node.instanceId === null ? 'no instance' : node.power);
  return `${node.slot}${where === '' ? '' : ` (${where})`}: ${what}`;
}
