// Vitest's own summary spreads over several lines and counts differently by kind; people and machines that read only the
// last line get this one: "312 passed, 0 failed" (", 4 skipped" if any).

/** @implements {import('vitest/reporters').Reporter} */
export default class SummaryReporter {
  /**
   * A module that could not be collected, and an error outside of any test, count as one failure each: otherwise a run
   * that did not even start its tests would end in "0 failed".
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      count.failed += module.errors().length;
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    }
    const skipped = count.skipped + count.pending;
    // Vitest's default reporter prints its summary in the same event; the line is to come after it.
    process.once('exit', () => {
      process.stdout.write(
        `${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
      );
    });
  }
}
