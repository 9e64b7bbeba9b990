import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs}/*/src/**/*.test.ts', 'tools/**/*.test.ts', 'e2e/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.data/**'],
    pool: 'forks',
    globalSetup: ['libs/testing/src/globalSetup.ts'],
    setupFiles: ['libs/testing/src/failOnConsoleOutput.ts'],
    // Real servers start and recover within these on a slow machine; no test is about how long something takes.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    restoreMocks: true,
  },
});
