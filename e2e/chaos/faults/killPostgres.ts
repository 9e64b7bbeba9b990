import type { FaultKind } from './fault.ts';

/** kill -9 of Postgres, which recovers from its write-ahead log when it comes back. */
export const killPostgres: FaultKind = {
  name: 'kill postgres',
  targets: () => ['postgres'],
  holdMs: (random) => random.int(0, 4_000),
  async inject({ postgres }) {
    await postgres.kill();
    return () => postgres.restart();
  },
};
