import { cpuSeconds, memoryOf } from './memory.js';
import type { Row } from './report.js';
import type { BenchStack } from './stack.js';

const LOOK_MS = 2_000;

/** Most memory and CPU time of each process, from now until `stop`. */
export function measureProcesses({ stack }: BenchStack): { stop(): Row[] } {
  const began = Date.now();
  const processes = [
    { case: '  the worker', pid: stack.worker().pid },
    { case: '  the Temporal dev server', pid: stack.temporal.child.pid },
    { case: '  the simulated region', pid: stack.region.child.pid },
  ].map((one) => ({ ...one, cpu: cpuSeconds(one.pid), rss: 0 }));
  const look = (): void => {
    for (const one of processes) one.rss = Math.max(one.rss, memoryOf(one.pid));
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      const seconds = (Date.now() - began) / 1_000;
      return processes.map(({ case: name, pid, cpu, rss }) => {
        const spent = cpuSeconds(pid) - cpu;
        return { case: name, cpuSeconds: spent, rssMiB: rss, coreShare: spent / seconds };
      });
    },
  };
}
