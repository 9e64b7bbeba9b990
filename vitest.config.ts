import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import type { TestUserConfig } from 'vitest/config';
import { SlowFilesFirst } from './tools/src/testRun/slowFilesFirst.ts';

const schedules = '**/*.schedules.test.ts';

/** Whole systems, upgrades and the files of deployments: `npm run test:system`. */
const system = 'e2e/{deploy,eventLog,readModel,system,upgrade}/**/*.test.ts';

/** They need Chromium, and share one system: `npm run test:dashboard`. */
const dashboard = 'e2e/dashboard/**/*.test.ts';

const ofAll = {
  exclude: ['**/node_modules/**', '**/.data/**'],
  pool: 'forks',
  setupFiles: [
    'failOnConsoleOutput',
    'failOnOpenConnections',
    'failOnUnawaitedPauses',
    'failOnUnhandledRejections',
  ].map((name) => `libs/test-support/src/everyTest/${name}.ts`),
  // Real servers start and recover within these on a machine with ten times more work than cores; no test is about how long
  // something takes.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 240_000 } },
  restoreMocks: true,
  tags: [
    {
      name: 'exact',
      description: 'Loss, duplicates, or what must be equal: such a failure gets no second try.',
    },
  ],
} satisfies TestUserConfig;

export default defineConfig({
  test: {
    // Most tests wait for servers most of the time, so more files than cores run at once.
    maxWorkers: availableParallelism() + 5,
    globalSetup: ['libs/test-support/src/globalSetup.ts'],
    sequence: { sequencer: SlowFilesFirst },
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          ...ofAll,
          name: 'tests',
          include: ['{apps,libs}/*/{src,testing,build}/**/*.test.ts', '{bench,tools,e2e}/**/*.test.ts'],
          exclude: [...ofAll.exclude, schedules, system, dashboard],
          // Files share the modules of a worker process: nothing has state at module scope, and imports were a third of the time.
          isolate: false,
        },
      },
      {
        test: {
          ...ofAll,
          name: 'system',
          include: [system],
          exclude: ofAll.exclude,
          isolate: false,
        },
      },
      {
        // They replace the clock and the timers of their process, which a connection of another file would use as well.
        test: { ...ofAll, name: 'schedules', include: [schedules], isolate: true },
      },
      {
        test: {
          ...ofAll,
          name: 'dashboard',
          include: [dashboard],
          globalSetup: ['e2e/dashboard/sharedSystem.ts'],
          isolate: false,
        },
      },
    ],
  },
});
