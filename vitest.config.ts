import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs}/*/{src,testing}/**/*.test.ts', '{tools,e2e,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.data/**'],
    pool: 'forks',
    // Files share the modules of a worker process: nothing has state at module scope, and imports were a third of the time.
    isolate: false,
    // Most tests wait for servers most of the time, so more files than cores run at once.
    maxWorkers: availableParallelism() + 2,
    globalSetup: ['libs/testing/src/globalSetup.ts'],
    setupFiles: ['libs/testing/src/failOnConsoleOutput.ts'],
    // Real servers start and recover within these on a slow machine; no test is about how long something takes.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 30_000 } },
    restoreMocks: true,
  },
});
