import { benchAgents } from './agents.js';
import { benchByHand } from './by-hand.js';
import { benchCached } from './cached.js';
import { benchCare } from './care.js';
import { benchCreate } from './create.js';
import { benchExplain } from './explain.js';
import { benchLifecycle } from './lifecycle.js';
import { benchMessages } from './messages.js';
import { benchNews } from './news.js';
import { type Row, report } from './report.js';
import { benchRestore } from './restore.js';
import { benchResume } from './resume.js';
import { benchResumeMany } from './resume-many.js';
import { benchRollout } from './rollout.js';
import { benchRunning, benchStorm } from './running.js';
import { benchThousands } from './thousands.js';
import { benchThrottled } from './throttled.js';
import { benchUpkeep } from './upkeep.js';
import { benchValidate } from './validate.js';
import { benchWatch } from './watch.js';

const BENCHES: Record<string, () => Promise<Row[]>> = {
  create: benchCreate,
  'by-hand': benchByHand,
  throttled: benchThrottled,
  lifecycle: benchLifecycle,
  rollout: benchRollout,
  validate: benchValidate,
  messages: benchMessages,
  upkeep: benchUpkeep,
  resume: benchResume,
  'resume-many': benchResumeMany,
  restore: benchRestore,
  watch: benchWatch,
  thousands: benchThousands,
  running: benchRunning,
  storm: benchStorm,
  agents: benchAgents,
  cached: benchCached,
  care: benchCare,
  news: benchNews,
  explain: benchExplain,
};

/** Whether the environment asks for some cases of a benchmark only. */
const isPart = (name: string): boolean =>
  [
    ...(name === 'explain' ? ['EXPLAIN_CASES'] : []),
    ...(['running', 'storm'].includes(name) ? ['BENCH_CLUSTERS', 'BENCH_STORM', 'BENCH_PROFILE'] : []),
    ...(name === 'resume-many' ? ['BENCH_OPERATIONS'] : []),
  ].some((variable) => process.env[variable] !== undefined);

/** `npm run bench [-- NAME ...]`: all benchmarks, or those named. */
const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  for (const [name, run] of Object.entries(BENCHES))
    if (names.length === 0 || names.includes(name)) report(name, await run(), isPart(name));
}
