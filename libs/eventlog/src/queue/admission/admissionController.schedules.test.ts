import { CLOCK_INACCURACY_MS, checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, constantFrom, integer, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { AdmissionController, type ClaimPermit } from './admissionController.ts';
import type { StartRate } from './rateLimiter.ts';

/** How a delivery ends: it starts nothing, runs, or gets no slot in time. */
type Ending = 'nothing to start' | 'runs';

interface Plan {
  readonly endings: readonly Ending[];
  readonly concurrency: number;
  readonly rate: StartRate | undefined;
  /** The type is paused at some point, which rejects those that wait. */
  readonly isPaused: boolean;
  /** It is closed at some point, instead of when all have ended. */
  readonly isClosed: boolean;
  readonly isPrompt: boolean;
}

const arbitraryPlan = record<Plan>({
  endings: array(constantFrom<Ending>('nothing to start', 'runs', 'runs'), { minLength: 1, maxLength: 8 }),
  concurrency: integer({ min: 1, max: 3 }),
  rate: option(record({ starts: integer({ min: 1, max: 3 }), perMs: integer({ min: 100, max: 5_000 }) }), {
    nil: undefined,
  }),
  isPaused: boolean(),
  isClosed: boolean(),
  isPrompt: boolean(),
});

class Deliveries {
  readonly #schedule: Schedule;
  readonly #admission: AdmissionController;
  /** The numbers of those that asked and were admitted, in order. */
  readonly asked: number[] = [];
  readonly admitted: number[] = [];
  readonly starts: number[] = [];
  rejected = 0;
  running = 0;
  mostRunning = 0;

  constructor(schedule: Schedule, admission: AdmissionController) {
    this.#schedule = schedule;
    this.#admission = admission;
  }

  async deliver(ending: Ending, number: number): Promise<void> {
    await this.#schedule.point('a delivery arrives');
    this.asked.push(number);
    const permit = await this.#admission.acquire();
    if (permit === undefined) return void this.rejected++;
    this.admitted.push(number);
    const admittedAt = performance.now();
    await this.#schedule.point('a claim is stored');
    if (ending === 'nothing to start') return permit.release(false);
    this.starts.push(admittedAt);
    await this.#run(permit);
  }

  async #run(permit: ClaimPermit): Promise<void> {
    if (await permit.acquireSlot()) {
      this.mostRunning = Math.max(this.mostRunning, ++this.running);
      await this.#schedule.point('a handler ends');
      this.running--;
    }
    permit.release(true);
  }
}

/** No more starts than the rate allows, in whichever period; a start is noted a moment after it was admitted. */
function isWithinRate(starts: readonly number[], rate: StartRate | undefined): boolean {
  if (rate === undefined) return true;
  return starts.every(
    (at) =>
      starts.filter((other) => other >= at && other < at + rate.perMs - CLOCK_INACCURACY_MS).length <= rate.starts,
  );
}

async function admit(schedule: Schedule, plan: Plan): Promise<void> {
  schedule.isPrompt = plan.isPrompt;
  const { endings, concurrency, rate } = plan;
  const admission = new AdmissionController({ concurrency, rate, onAvailable: () => undefined });
  const deliveries = new Deliveries(schedule, admission);
  const all = Promise.all(endings.map((ending, number) => deliveries.deliver(ending, number)));
  const pausing = plan.isPaused ? schedule.point('paused').then(() => admission.rejectWaiting()) : undefined;
  const closing = plan.isClosed ? schedule.point('closed').then(() => admission.close()) : undefined;
  await schedule.until(Promise.all([all, pausing, closing]));
  expect(plan.isPaused || plan.isClosed ? 0 : deliveries.rejected).toBe(0);
  admission.close();
  await schedule.untilNothingIsLeft();
  const inOrder = deliveries.asked.filter((number) => deliveries.admitted.includes(number));
  expect(deliveries.admitted).toEqual(inOrder);
  expect(deliveries.mostRunning).toBeLessThanOrEqual(concurrency);
  expect(isWithinRate(deliveries.starts, rate)).toBe(true);
}

test('deliveries are admitted in the order in which they asked, within the limits, and none waits for ever', async () => {
  await expect(checkSchedules(arbitraryPlan, admit)).resolves.toBeUndefined();
});
