import type { JobSnapshot } from '@jobstream/eventlog';
import { checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, constant, constantFrom, integer, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { silentLogger } from '../handler/logger.ts';
import { type Attempt, AttemptAbort } from './attempt.ts';
import { CancelWatch } from './cancelWatch.ts';

/** What becomes of a read of the job: it is answered as things are, or as a replica that lags has them, or not. */
type Read = 'current' | 'stale' | 'fails';

interface Plan {
  readonly reads: readonly Read[];
  /** What happens to the job while its attempt is about to run or runs. */
  readonly change: 'cancelled' | 'taken over' | undefined;
  /** Hints of cancellations that the log has rejected. */
  readonly falseHints: number;
  /** Whether the connection is lost meanwhile, and with it the hints. */
  readonly isCutOff: boolean;
  /** For how many milliseconds replicas lag after that. */
  readonly lagMs: number;
  /** Whether the run ends by itself at some point. */
  readonly ends: boolean;
  /** The worker begins to close at some point. */
  readonly closes: boolean;
  /** A cancellation is stored soon after its hint, and reads are answered soon. */
  readonly isPrompt: boolean;
}

const arbitraryPlan = record<Plan>({
  reads: array(constantFrom<Read>('current', 'stale', 'fails'), { maxLength: 2 }),
  change: option(constantFrom('cancelled', 'taken over'), { nil: undefined }),
  falseHints: integer({ min: 0, max: 1 }),
  isCutOff: boolean(),
  lagMs: constantFrom(0, 200, 1_000),
  ends: boolean(),
  closes: boolean(),
  isPrompt: boolean(),
});

const JOB = 'job-1';
const STARTED = 2;

/** A log with one job whose attempt has started, and hints that come or are lost. */
class ScheduledLog {
  readonly #schedule: Schedule;
  readonly #reads: Read[];
  readonly #lagMs: number;
  readonly hints = new Set<(jobId: string) => void>();
  readonly reconnects = new Set<() => void>();
  #isConnected = true;
  #isCancelled = false;
  #isHinted = false;
  #lagsUntil = 0;
  #job: JobSnapshot = snapshotOf('processing', 'this worker', STARTED);

  constructor(schedule: Schedule, { reads, lagMs }: Plan) {
    this.#schedule = schedule;
    this.#reads = [...reads];
    this.#lagMs = lagMs;
  }

  subscribeToCancellations = (_types: readonly string[], onHint: (jobId: string) => void) =>
    subscribed(this.hints, onHint);
  onReconnected = (callback: () => void) => subscribed(this.reconnects, callback);

  readJob = async (): Promise<JobSnapshot | undefined> => {
    const read = this.#reads.shift() ?? 'current';
    await this.#schedule.point(`a read arrives (${read})`);
    const isStale = read === 'stale' || Date.now() < this.#lagsUntil;
    const found = isStale ? snapshotOf('pending', '', STARTED - 1) : this.#job;
    await this.#schedule.point('its answer arrives');
    if (read === 'fails') throw new Error('unavailable');
    return found;
  };

  /** Whether the cancellation is stored, and a hint has come. */
  get isCancellationKnown(): boolean {
    return this.#isCancelled && this.#isHinted;
  }

  /** Stores the change; its hint arrives before or after, unless the connection is lost. */
  async change(change: NonNullable<Plan['change']>): Promise<void> {
    const hinted = change === 'cancelled' ? this.hint() : undefined;
    await this.#schedule.point(change);
    this.#isCancelled = change === 'cancelled';
    this.#job =
      change === 'cancelled'
        ? snapshotOf('cancelled', 'this worker', STARTED + 1)
        : snapshotOf('processing', 'other', STARTED + 2);
    await hinted;
  }

  async hint(): Promise<void> {
    await this.#schedule.point('a hint arrives');
    this.#isHinted = this.#isConnected;
    if (this.#isConnected) for (const onHint of this.hints) onHint(JOB);
  }

  async loseConnection(): Promise<void> {
    await this.#schedule.point('connection lost');
    this.#isConnected = false;
    await this.#schedule.point('connection restored');
    this.#isConnected = true;
    this.#lagsUntil = Date.now() + this.#lagMs;
    for (const callback of this.reconnects) callback();
  }
}

function subscribed<Callback>(all: Set<Callback>, callback: Callback): () => void {
  all.add(callback);
  return () => all.delete(callback);
}

function snapshotOf(status: string, worker: string, sequence: number): JobSnapshot {
  const attempt = worker === 'other' ? 2 : 1;
  return { job: { id: JOB, status, worker, attempt }, sequence } as unknown as JobSnapshot;
}

/** What is known when the run is over. */
interface Ran {
  readonly kind: string | undefined;
  readonly handlerRan: boolean;
  /** The cancellation was stored and hinted before the run began. */
  readonly wasKnown: boolean;
  readonly abort: AttemptAbort;
}

/** Claims the job and runs it until it is aborted, or at some point by itself. */
async function run(
  schedule: Schedule,
  { ends }: Plan,
  { watch, log }: { watch: CancelWatch; log: ScheduledLog },
): Promise<Ran> {
  watch.follow(JOB);
  await schedule.point('the claim is acknowledged');
  const attempt = {
    delivery: { jobId: JOB, jobType: 'email' },
    chain: { sequence: STARTED },
    number: 1,
    logger: silentLogger,
  };
  const abort = new AttemptAbort(3_600_000);
  const aborted = new Promise<void>((resolve) => abort.onAbort(() => resolve()));
  const wasKnown = log.isCancellationKnown;
  const guard = watch.guard(attempt as unknown as Attempt, abort);
  await guard.firstCheck;
  const handlerRan = abort.error === undefined;
  await Promise.race([aborted, ends ? schedule.point('the handler ends') : aborted]);
  guard.isOver = true;
  const kind = abort.error?.kind;
  abort.over();
  watch.unfollow(JOB);
  return { kind, handlerRan, wasKnown, abort };
}

/** All that happens beside the run. */
function happenings(schedule: Schedule, plan: Plan, log: ScheduledLog, worker: AbortController): Promise<unknown> {
  const { change, falseHints, isCutOff, closes } = plan;
  return Promise.all([
    ...(change === undefined ? [] : [log.change(change)]),
    ...Array.from({ length: falseHints }, () => log.hint()),
    ...(isCutOff ? [log.loseConnection()] : []),
    ...(closes ? [schedule.point('the worker closes').then(() => worker.abort())] : []),
  ]);
}

/** Why the run may have been aborted; undefined stands for its own end. */
function possibleEnds({ change, closes, isPrompt, ends }: Plan): readonly (string | undefined)[] {
  const moved = { cancelled: ['cancelled'], 'taken over': ['overtaken'], none: [] }[change ?? 'none'];
  return [...moved, ...(closes ? ['shutdown'] : []), ...(isPrompt ? [] : ['timeout']), ...(ends ? [undefined] : [])];
}

async function watchRun(schedule: Schedule, given: Plan): Promise<void> {
  // A job that was taken over is noticed at the latest when the outcome is recorded, so that run ends by itself.
  const isAborted = given.isPrompt && (given.change === 'cancelled' || given.closes);
  const plan = isAborted ? given : { ...given, ends: true };
  schedule.isPrompt = plan.isPrompt;
  const log = new ScheduledLog(schedule, plan);
  const worker = new AbortController();
  const options = { eventLog: log, workerName: 'this worker', closing: worker.signal, logger: silentLogger };
  const watch = new CancelWatch(options);
  watch.start(['email']);
  const happening = happenings(schedule, plan, log, worker);
  const ran = await schedule.until(run(schedule, plan, { watch, log }));
  await schedule.until(happening);
  watch.stop();
  await schedule.untilNothingIsLeft();
  expect(possibleEnds(plan)).toContain(ran.kind);
  const isToldInTime = ran.wasKnown && plan.reads.length === 0 && !plan.isCutOff;
  expect(isToldInTime && ran.handlerRan).toBe(false);
  expect(ran.abort.error?.kind).toBe(ran.kind); // nothing aborts it after its end
  expect([log.hints.size, log.reconnects.size, watch.running().length]).toEqual([0, 0, 0]);
}

test('a run is aborted when its job is cancelled, and for nothing else, and nothing is left of it', async () => {
  await expect(checkSchedules(arbitraryPlan, watchRun)).resolves.toBeUndefined();
});

test.each([
  ['lags behind answers the first read after it', ['stale'], 0],
  ['lags for a second', [], 1_000],
] satisfies [string, Read[], number][])(
  'a cancellation during an outage is noticed although a replica that %s',
  async (_how, reads, lagMs) => {
    const plan: Plan = {
      reads,
      change: 'cancelled',
      falseHints: 0,
      isCutOff: true,
      lagMs,
      ends: false,
      closes: false,
      isPrompt: true,
    };
    await expect(checkSchedules(constant(plan), watchRun)).resolves.toBeUndefined();
  },
);
