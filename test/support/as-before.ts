import { createRequire } from 'node:module';
import { afterAll, vi } from 'vitest';

const require = createRequire(import.meta.url);
/** With which the mocks of AWS clients are made: its own, and not that which an import of ours would give. */
const { restore } = createRequire(require.resolve('aws-sdk-client-mock'))('sinon') as { restore(): void };

/** Unit tests share processes: what a file has put in the place of clients, clocks, functions and variables goes with the file. */
afterAll(() => {
  restore();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
