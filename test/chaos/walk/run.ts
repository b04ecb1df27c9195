import type { ChaosFixture } from '../support/fixture.js';
import { parsePath, pathText, shortest } from './shortest.js';
import { drawSteps, type Step, textOf } from './steps.js';
import { walk } from './walk.js';

export interface WalkOptions {
  seed: number;
  steps: number;
  mode: 'dev' | 'ha';
  /** Only these of the seed's steps. */
  path?: string;
  /** Of the search for the shortest sequence that fails. */
  searchMs: number;
}

/** One seed's walk; when it fails, the shortest sequence that does and the command for it are printed. @returns whether all held */
export async function runWalk(
  fixture: ChaosFixture,
  options: WalkOptions,
  progress: (line: string) => void,
  print: (line: string) => void,
): Promise<boolean> {
  const drawn = drawSteps(options.seed, options.steps);
  const steps = options.path === undefined ? drawn : pick(drawn, parsePath(options.path));
  const walked = await walk(fixture, options.mode, steps, progress);
  const what = `seed ${options.seed}, ${steps.length} steps, ${options.mode}, ${walked.seconds.toFixed(0)} s`;
  if (walked.findings.length === 0) {
    print(`${what}: all held`);
    return true;
  }
  print(`${what}: step ${walked.steps}: ${walked.findings.join('; ')}`);
  print(`again: ${commandOf(options, options.path)}`);
  if (options.path !== undefined || options.searchMs <= 0) return false;
  progress('looks for the shortest sequence that fails');
  const found = await shortest(steps, walked.steps, options.searchMs, async (path) => {
    const { findings } = await walk(fixture, options.mode, pick(steps, path), () => undefined);
    progress(`${findings.length > 0 ? 'fails' : 'holds'} with ${pathText(path)}`);
    return findings.length > 0;
  });
  print(`shortest after ${found.runs} tries: ${found.path.length} steps`);
  for (const { act, thenMs } of pick(steps, found.path)) print(`  ${textOf(act)}, then ${thenMs} ms`);
  print(`again: ${commandOf(options, pathText(found.path))}`);
  return false;
}

const pick = (steps: readonly Step[], path: readonly number[]): Step[] => path.flatMap((place) => steps[place] ?? []);

const commandOf = ({ seed, steps, mode }: WalkOptions, path: string | undefined): string =>
  `npm run chaos -- --walk --seed ${seed} --steps ${steps}${mode === 'dev' ? ' --dev' : ''}${path === undefined ? '' : ` --path ${path}`}`;
