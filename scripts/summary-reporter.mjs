// Vitest's own summary spreads over several lines and counts differently by kind; people and machines that read only the
// last lines get these: a line for each test that failed, and "312 passed, 0 failed" (", 4 skipped" if any).

const LONGEST_LINE = 200;
/** Of what is told at once: a diff of a command's output fits. */
const LONGEST_TEXT = 4_000;
/** A page that holds more failures than these says so: the first ones tell the cause, the others follow from them. */
const MOST_LINES = 6;

/** @implements {import('vitest/reporters').Reporter} */
export default class SummaryReporter {
  /**
   * Vitest tells why a test failed when the whole run is over; a run that is interrupted or out of time would never say it.
   * @param {import('vitest/node').TestCase} test
   */
  onTestCaseResult(test) {
    const { state, errors } = test.result();
    if (state !== 'failed') return;
    const [error] = errors ?? [];
    const told = [error?.message, error?.diff].filter(Boolean).join('\n').slice(0, LONGEST_TEXT);
    process.stdout.write(`FAIL ${test.module.relativeModuleId} > ${test.fullName}\n${told}\n`);
  }

  /**
   * A module that could not be collected, and an error outside of any test, count as one failure each: otherwise a run
   * that did not even start its tests would end in "0 failed".
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const failures = unhandledErrors.map((error) => lineOf('outside of any test', error));
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        count[state] += 1;
        if (state === 'failed') failures.push(lineOf(`${module.relativeModuleId} > ${test.fullName}`, errors?.[0]));
      }
      for (const suite of [module, ...module.children.allSuites()])
        for (const error of suite.errors()) {
          count.failed += 1;
          failures.push(lineOf(module.relativeModuleId, error));
        }
    }
    count.failed += unhandledErrors.length;
    const skipped = count.skipped + count.pending;
    const rest = failures.length - MOST_LINES;
    const lines = [
      ...failures.slice(0, MOST_LINES),
      ...(rest > 0 ? [`... and ${rest} more`] : []),
      `${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    ];
    // Vitest's default reporter prints its summary in the same event; these lines are to come after it.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
}

/**
 * One line, whatever the message holds.
 * @param {string} where
 * @param {unknown} error
 */
function lineOf(where, error) {
  const message = String(/** @type {{ message?: unknown } | undefined} */ (error)?.message ?? error);
  return `FAIL ${where}: ${message.replaceAll(/\s+/g, ' ')}`.slice(0, LONGEST_LINE);
}
