import type { Priority } from '@jobstream/domain';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemTimers } from '../../connection/processTimers.ts';
import { LaneShares, type LaneShare } from './laneShares.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

type Backlog = Partial<Record<Priority, number>>;

/** A worker with slots, and a server that answers requests as far as jobs wait, after all were sent. */
class Worker {
  readonly started: Priority[] = [];
  readonly #waiting: Backlog;
  readonly #slots: number;
  readonly #shares: LaneShares;
  readonly #lanes: { readonly priority: Priority; readonly share: LaneShare; requested: number }[] = [];
  /** Deliveries that have not ended. */
  #held = 0;

  constructor(slots: number, waiting: Backlog) {
    this.#slots = slots;
    this.#waiting = waiting;
    const credit = () => 2 * slots;
    this.#shares = new LaneShares({ timers: systemTimers, credit, onAllowed: () => this.#pull() });
    for (const priority of Object.keys(waiting) as Priority[]) {
      const share = this.#shares.join(priority, () => lane.requested);
      const lane = { priority, share, requested: 0 };
      this.#lanes.push(lane);
    }
  }

  /** Runs jobs until so many have started, or until nothing comes within a second. */
  async start(jobs: number): Promise<readonly Priority[]> {
    for (let idle = 0; this.started.length < jobs && idle < 10; idle = this.#held > 0 ? 0 : idle + 1) {
      this.#held = Math.max(0, this.#held - 1);
      this.#pull();
      await vi.advanceTimersByTimeAsync(100);
    }
    this.#shares.stop();
    return this.started.slice(0, jobs);
  }

  /** Another worker has taken what waits; this one is not told. */
  takeAway(priority: Priority): void {
    this.#waiting[priority] = 0;
  }

  #pull(): void {
    for (const lane of this.#lanes) {
      const room = lane.share.allowed(this.#slots - this.#held) - lane.requested;
      if (room >= Math.min(lane.share.portion(), this.#slots)) this.#ask(lane, room);
    }
    for (const lane of this.#lanes) this.#deliver(lane);
  }

  #ask(lane: { readonly share: LaneShare; requested: number }, room: number): void {
    lane.requested += room;
  }

  #deliver(lane: { readonly priority: Priority; readonly share: LaneShare; requested: number }): void {
    while (lane.requested > 0 && (this.#waiting[lane.priority] ?? 0) > 0) {
      const pending = (this.#waiting[lane.priority] ?? 0) - 1;
      this.#waiting[lane.priority] = pending;
      lane.requested--;
      this.#held++;
      this.started.push(lane.priority);
      lane.share.delivered({ pending: () => pending });
    }
  }
}

const count = (started: readonly Priority[], priority: Priority) => started.filter((one) => one === priority).length;

test.each([1, 3, 20, 200])('%i slots are shared 16 to 4 to 1 while all wait', async (slots) => {
  const started = await new Worker(slots, { normal: 2_000, high: 5_000, low: 500 }).start(1_680);
  expect(count(started, 'high') / 1_680).toBeCloseTo(16 / 21, 1);
  expect(count(started, 'normal') / 1_680).toBeCloseTo(4 / 21, 1);
  expect(count(started, 'low')).toBeGreaterThanOrEqual(1_680 * 0.04);
  expect(count(started, 'low')).toBeLessThanOrEqual(1_680 * 0.06);
});

test('what one priority leaves, the others take: low ones all of it', async () => {
  const started = await new Worker(5, { normal: 0, high: 0, low: 300 }).start(300);
  expect(count(started, 'low')).toBe(300);
});

test('a priority that has waited for long saves up no more than a round', async () => {
  const worker = new Worker(1, { normal: 0, high: 0, low: 200 });
  await worker.start(100);
  expect(count(worker.started, 'low')).toBe(100);
});

test('nobody waits for long for what other workers have taken', async () => {
  const worker = new Worker(2, { normal: 0, high: 100, low: 40 });
  await worker.start(10);
  worker.takeAway('high');
  const started = await worker.start(worker.started.length + 30);
  expect(count(started, 'low')).toBeGreaterThanOrEqual(30);
});

test('the room of a type with one priority is its own', () => {
  const shares = new LaneShares({ timers: systemTimers, credit: () => 20, onAllowed: () => undefined });
  const created = shares.join('normal', () => 0);
  shares.join('normal', () => 0);
  expect(created.isShared).toBe(false);
  shares.join('low', () => 0);
  expect(created.isShared).toBe(true);
});
