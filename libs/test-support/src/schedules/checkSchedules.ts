import { assert, asyncProperty, integer, scheduler, type Arbitrary } from 'fast-check';
import { Schedule } from './schedule.ts';

/** Of each property in `npm test`; `npm run test:schedules` takes longer. */
const DEFAULT_MS = 400;
/** Runs with one seed. */
const RUNS = 20;

/**
 * Runs `run` with schedule after schedule, and with values of `arbitrary`, for some time. A failure names the seed and the
 * path, which reproduce it: see docs/development.md.
 */
export async function checkSchedules<Value>(
  arbitrary: Arbitrary<Value>,
  run: (schedule: Schedule, value: Value) => Promise<void>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const property = asyncProperty(scheduler(), integer(), arbitrary, async (order, timing, value) => {
    using schedule = new Schedule(order, timing);
    await run(schedule, value);
  });
  const { SCHEDULES_SECONDS: seconds, SCHEDULES_SEED: firstSeed, SCHEDULES_PATH: path } = env;
  const end = performance.now() + (seconds === undefined ? DEFAULT_MS : Number(seconds) * 1_000);
  let seed = Number(firstSeed ?? Math.floor(Math.random() * 0x7fffffff));
  if (path !== undefined) return assert(property, { seed, path, endOnFailure: true });
  // The time limits of fast-check leave a run behind that goes on beside the next test.
  do await assert(property, { seed: seed++, numRuns: RUNS });
  while (performance.now() < end);
}
