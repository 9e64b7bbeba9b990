import {
  MemoryEventLog,
  MemoryServer,
  VirtualClock,
  type AttemptRunner,
  type AttemptRunnerOptions,
} from '@jobstream/worker/test-engine';
import type { CrashPoint } from './crashableLog.ts';
import { HandlerWait } from './handlerWait.ts';
import { KeptLines } from './keptLines.ts';
import type { TestSystem } from './testSystem.ts';
import { firstTick, type Ticks } from './ticks.ts';
import { testWorker, type WorkerSettings } from './testWorker.ts';

export interface MemorySystemOptions extends WorkerSettings {
  readonly startAt: number;
  readonly patienceMs: number;
}

/** The worker that runs now, and its connection. */
interface Running {
  readonly runner: AttemptRunner;
  readonly log: MemoryEventLog;
}

/** A log in memory in the time of a clock that the test moves. Nothing runs but within `drain` and `advance`. */
export class MemorySystem implements TestSystem {
  readonly log: MemoryEventLog;
  readonly lines = new KeptLines(() => this.now());
  readonly #options: MemorySystemOptions;
  readonly #clock: VirtualClock;
  readonly #server: MemoryServer;
  readonly #wait: HandlerWait;
  readonly #crashPoints = new Set<CrashPoint>();
  #running: Running | undefined;
  /** The job of the tick that the clock has come to. */
  #created = Promise.resolve();
  #workers = 0;

  constructor(options: MemorySystemOptions) {
    this.#options = options;
    this.#clock = new VirtualClock(options.startAt);
    this.#server = new MemoryServer(this.#clock, { delivers: false });
    this.#wait = new HandlerWait(options.patienceMs);
    this.log = new MemoryEventLog(this.#server);
  }

  now(): number {
    return this.#clock.now();
  }

  openLane(): Promise<void> {
    return Promise.resolve();
  }

  async drain(): Promise<void> {
    await this.#runUntil(this.#clock.now());
    const jobs = (this.#running?.runner.running() ?? []).map(({ jobId, type }) => `${type} ${jobId}`);
    if (jobs.length === 0) return;
    throw new Error(
      `handlers are still running after ${this.#options.patienceMs} ms: ${jobs.join(', ')}. If they wait for their time-out, ` +
        'advance() moves the clock; if they work for that long, raise patienceMs',
    );
  }

  advance(ms: number): Promise<void> {
    return this.#runUntil(this.#clock.now() + ms);
  }

  onTick(ticks: Ticks, create: () => Promise<void>): void {
    const tick = firstTick(ticks, this.#clock.now());
    if (tick === undefined) return;
    const run = () => {
      this.#created = create();
      this.onTick(ticks, create);
    };
    this.#clock.setTimeout(run, tick - this.#clock.now());
  }

  crashAt(point: CrashPoint): void {
    this.#crashPoints.add(point);
  }

  async stop(): Promise<void> {
    // Without its log no handler is waited for.
    await this.#running?.log.stop();
    await this.#running?.runner.stop();
    await this.log.stop();
    await this.#options.handlers.stop();
  }

  /** Lets everything happen up to an instant, one timer after the other. */
  async #runUntil(end: number): Promise<void> {
    await this.#haveWorker();
    try {
      do await this.#settle();
      while (this.#clock.runNext(end));
    } finally {
      this.#server.deliver(false);
    }
  }

  /** Waits until the worker has done what it can do without the clock being moved. */
  async #settle(): Promise<void> {
    await this.#created;
    for (;;) {
      const { log } = await this.#haveWorker();
      if (await this.#wait.isOver(log.working)) return;
    }
  }

  /** Delivers nothing until the worker has started, so that it cannot crash before. */
  async #haveWorker(): Promise<Running> {
    this.#server.deliver(this.#running !== undefined);
    this.#running ??= await this.#startWorker();
    this.#server.deliver(true);
    return this.#running;
  }

  async #startWorker(): Promise<Running> {
    const { startAt: _startAt, patienceMs: _patienceMs, ...options } = this.#options;
    const log = new MemoryEventLog(this.#server);
    const runner = testWorker({
      ...options,
      log,
      logs: this.lines,
      name: `test-worker-${++this.#workers}`,
      time: this.#clock,
      timers: this.#timersOfAttempts(),
      crashesAt: (point) => this.#crashPoints.delete(point),
      onCrash: () => void this.#crash(log),
    });
    await runner.start();
    return { runner, log };
  }

  /** Those of time-outs, and of steps that are run again: what follows takes real time, which is waited for. */
  #timersOfAttempts(): NonNullable<AttemptRunnerOptions['timers']> {
    const run = (work: () => void) => {
      this.#wait.begin();
      work();
    };
    return {
      now: () => this.#clock.now(),
      setTimeout: (work, ms) => this.#clock.setTimeout(() => run(work), ms),
      clearTimeout: (timer) => this.#clock.clearTimeout(timer),
    };
  }

  async #crash(log: MemoryEventLog): Promise<void> {
    this.#running = undefined;
    await log.stop();
    this.#wait.wake();
  }
}
