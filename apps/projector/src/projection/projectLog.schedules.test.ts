/** @module-tag exact */
import type { EventFeed, LogEntry } from '@jobstream/eventlog';
import type { AppliedBatch } from '@jobstream/readmodel';
import { type JobProjection, ReadModelUnavailableError } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, constantFrom, integer, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { CheckpointAheadError, projectLog, silentObserver } from './projectLog.ts';

/** What goes wrong at some point. */
type Fault = 'table fails' | 'connection lost' | 'log replaced' | 'feed fails' | 'stopped';

interface Plan {
  /** How many entries arrive together. */
  readonly arrivals: readonly number[];
  readonly fault: Fault | undefined;
  readonly failingBatch: number;
  readonly isPrompt: boolean;
}

const arbitraryPlan = record<Plan>({
  // A backlog of more than a batch is written in two transactions at a time.
  arrivals: array(constantFrom(1, 2, 1_500, 12_000), { minLength: 1, maxLength: 5 }),
  fault: option(constantFrom('table fails', 'connection lost', 'log replaced', 'feed fails', 'stopped'), {
    nil: undefined,
  }),
  failingBatch: integer({ min: 1, max: 3 }),
  isPrompt: boolean(),
});

const AFTER = 7;

/** A feed whose entries arrive at points of a schedule. */
class ScheduledFeed implements EventFeed {
  readonly #stop = new AbortController();
  readonly stopped = new Promise<void>((resolve) => this.#stop.signal.addEventListener('abort', () => resolve()));
  readonly #arrivals: readonly number[];
  readonly #arrive: (label: string) => Promise<void>;
  readonly #fails: boolean;
  isBeingRead = false;

  constructor(arrivals: readonly number[], fails: boolean, arrive: (label: string) => Promise<void>) {
    [this.#arrivals, this.#fails, this.#arrive] = [arrivals, fails, arrive];
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return Promise.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly LogEntry[]> {
    let next = AFTER + 1;
    this.isBeingRead = true;
    try {
      for (const count of this.#arrivals) {
        await Promise.race([this.#arrive('entries arrive'), this.stopped]);
        if (this.#stop.signal.aborted) return;
        yield Array.from({ length: count }, () => ({ kind: 'other', sequence: next++, bytes: 100 }) as const);
      }
      if (this.#fails) throw new Error('the feed failed');
      await this.stopped;
    } finally {
      this.isBeingRead = false;
    }
  }
}

/** A table that writes batches in order, two at a time, and its connection. */
class ScheduledTable {
  lastSequence = AFTER;
  readonly #connection = new AbortController();
  readonly #write: (label: string) => Promise<void>;
  readonly #failing: number;
  #before: Promise<void> = Promise.resolve();
  #batches = 0;
  #accepted = AFTER;
  inFlight = 0;
  mostInFlight = 0;
  isInOrder = true;
  /** Nothing was being written when the projection ended, and nothing after it. */
  isLeftAlone = true;
  #isClosed = false;

  constructor(failing: number, write: (label: string) => Promise<void>) {
    [this.#failing, this.#write] = [failing, write];
  }

  get ended(): AbortSignal {
    return this.#connection.signal;
  }

  /** A reader waits at some moment. */
  async onWaitingReader(hurry: () => void): Promise<void> {
    await this.#write('readers are heard');
    void this.#write('a reader waits').then(() => hurry());
  }

  close(): void {
    this.#isClosed = true;
    this.isLeftAlone &&= this.inFlight === 0;
  }

  loseConnection(): void {
    this.#connection.abort();
  }

  async apply(entries: readonly LogEntry[]): Promise<AppliedBatch> {
    const span = [entries[0]?.sequence, entries.at(-1)?.sequence];
    this.isInOrder &&= span[0] === this.#accepted + 1 && span[1] === this.#accepted + entries.length;
    this.isLeftAlone &&= !this.#isClosed;
    this.#accepted += entries.length;
    const isFailing = ++this.#batches === this.#failing;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    this.#before = this.#before.then(() => this.#commit(entries, isFailing));
    return this.#before.then(() => ({ quarantined: [], ignored: [] })).finally(() => this.inFlight--);
  }

  async #commit(entries: readonly LogEntry[], isFailing: boolean): Promise<void> {
    await this.#write('a batch is written');
    if (isFailing || this.ended.aborted) throw new ReadModelUnavailableError('the table is unavailable');
    this.lastSequence = entries.at(-1)?.sequence ?? this.lastSequence;
  }
}

const errors = {
  'table fails': expect.objectContaining({
    message: expect.stringContaining('the table is unavailable') as unknown,
  }) as unknown,
  'connection lost': expect.any(ReadModelUnavailableError) as unknown,
  'log replaced': expect.any(CheckpointAheadError) as unknown,
  'feed fails': expect.objectContaining({ message: 'the feed failed' }) as unknown,
};

/** How it may end: having written everything, stopped, or with the error of what went wrong. */
function expectEnd(result: PromiseSettledResult<void>, fault: Fault | undefined, isComplete: boolean): void {
  const isFine = isComplete || fault === 'stopped';
  const error = fault === undefined || fault === 'stopped' ? [] : [{ status: 'rejected', reason: errors[fault] }];
  expect(result).toEqual(expect.toBeOneOf([...(isFine ? [{ status: 'fulfilled' }] : []), ...error]));
}

/** Lets what goes wrong happen. */
async function goWrong(point: (label: string) => Promise<void>, fault: Fault | undefined, { table, stop, log }: Parts) {
  if (fault === 'connection lost') await point(fault).then(() => table.loseConnection());
  if (fault === 'log replaced') await point(fault).then(() => (log.end = 0));
  if (fault === 'stopped') await point(fault).then(() => stop.abort());
}

interface Parts {
  readonly table: ScheduledTable;
  readonly stop: AbortController;
  readonly log: { end: number };
}

async function project(schedule: Schedule, { arrivals, fault, failingBatch, isPrompt }: Plan): Promise<void> {
  schedule.isPrompt = isPrompt;
  const point = (label: string) => schedule.point(label);
  const feed = new ScheduledFeed(arrivals, fault === 'feed fails', point);
  const table = new ScheduledTable(fault === 'table fails' ? failingBatch : 0, point);
  const end = AFTER + arrivals.reduce((sum, count) => sum + count, 0);
  const [stop, log] = [new AbortController(), { end }];
  const wrong = goWrong(point, fault, { table, stop, log });
  const projecting = projectLog({
    eventLog: { follow: () => feed, lastSequence: () => point('the end of the log is read').then(() => log.end) },
    projection: table as unknown as JobProjection,
    logger: createLogger({ service: 'test', level: 'silent' }),
    observer: silentObserver,
    watchIntervalMs: 10_000,
    patienceMs: 0,
    stop: stop.signal,
    onProgress: () => {
      if (table.lastSequence === end && fault !== 'log replaced') stop.abort();
    },
  });
  const ended = projecting.finally(() => table.close());
  const [result] = await schedule.until(Promise.allSettled([ended, wrong]));
  await schedule.untilNothingIsLeft();
  expect([table.isInOrder, table.isLeftAlone, feed.isBeingRead]).toEqual([true, true, false]);
  expect(table.mostInFlight).toBeLessThanOrEqual(2);
  expectEnd(result, fault, table.lastSequence === end);
}

test('the log is written in order and without a gap, and whatever ends it, it ends and leaves nothing open', async () => {
  await expect(checkSchedules(arbitraryPlan, project)).resolves.toBeUndefined();
});
