import { setTimeout as pause } from 'node:timers/promises';
import { systemTimers } from '@jobstream/eventlog';
import type { Delivery, EventLog, OpenQueue, RunningJob, Timers } from '@jobstream/eventlog';
import { silentObserver, type AttemptContext, type AttemptObserver } from './attempt/attemptContext.ts';
import type { AttemptTracing } from './attempt/attemptTracing.ts';
import { CancelWatch } from './attempt/cancelWatch.ts';
import type { Clock } from './attempt/chain/clock.ts';
import { processDelivery } from './attempt/processDelivery.ts';
import { TracePropagation } from './telemetry/tracePropagation.ts';
import type { HandlerRegistry } from './handler/jobHandler.ts';
import type { Logger } from './handler/logger.ts';
import type { LogKeeper } from './attemptLogs/logShipper.ts';
import type { RunBoard } from './watchdog/runBoard.ts';

/** The limits of one process for one job type. */
export interface TypeLimits {
  /** Attempts that may run at once. */
  readonly concurrency?: number;
  /** At most `starts` attempts begin within any `perMs` milliseconds. */
  readonly rate?: { readonly starts: number; readonly perMs: number };
}

export interface AttemptRunnerOptions {
  readonly eventLog: Pick<
    EventLog,
    'append' | 'contents' | 'readJob' | 'scheduleWake' | 'openQueue' | 'subscribeToCancellations' | 'onReconnected'
  >;
  readonly handlers: HandlerRegistry;
  /** Names this worker in the log; unique to one start of it. */
  readonly workerName: string;
  /** The release of the program, which each JobStarted has. */
  readonly workerVersion?: string | undefined;
  readonly clock: Clock;
  /** For the deadlines of attempts; default: those of the process. */
  readonly timers?: Timers;
  readonly logger: Logger;
  /** Keeps what handlers write; default: nothing does. */
  readonly logs?: LogKeeper;
  /** Shows the runs in progress to the watchdog of the event loop; default: to none. */
  readonly board?: RunBoard | undefined;
  /** A sleep of at most this many milliseconds keeps its slot; default 30,000. */
  readonly slotWaitMs?: number;
  /** Says why nothing of a version of the protocol can be recorded yet; default: all can. */
  readonly whyNotYet?: (protocol: number) => Promise<string | undefined>;
  readonly observer?: AttemptObserver;
  readonly tracing?: AttemptTracing;
  /** Attempts of each job type that may run at once in this process. */
  readonly concurrency: number;
  /** Overrides for single types, by type. */
  readonly limits?: ReadonlyMap<string, TypeLimits> | undefined;
  readonly ackWaitMs: number;
  /** Whether the stacks of errors are recorded; default true. */
  readonly errorStacks?: boolean;
  /** How long running attempts may go on after `stop`. */
  readonly shutdownGraceMs: number;
}

/** Time for handlers to obey their abort signal and for the log to store the JobReleased events. */
const CLOSING_MS = 900;

/** How long a sleep may be that keeps its slot, unless the options say otherwise. */
const SLOT_WAIT_MS = 30_000;

/** Takes deliveries of the handlers' job types and processes each in an attempt. */
export class AttemptRunner {
  readonly name = 'attempts';
  readonly #options: AttemptRunnerOptions;
  readonly #context: AttemptContext;
  readonly #closing = new AbortController();
  readonly #cancelWatch: CancelWatch;
  #queues: readonly OpenQueue[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: AttemptRunnerOptions) {
    this.#options = options;
    const closing = { closing: this.#closing.signal };
    this.#cancelWatch = new CancelWatch({ ...options, ...closing });
    const tracing = new TracePropagation();
    const defaults = {
      observer: silentObserver,
      timers: systemTimers,
      tracing,
      errorStacks: true,
      slotWaitMs: SLOT_WAIT_MS,
    };
    this.#context = { ...defaults, ...options, ...closing, cancelWatch: this.#cancelWatch };
  }

  async start(): Promise<void> {
    const { eventLog, handlers, ackWaitMs, logger } = this.#options;
    const onDelivery = (delivery: Delivery) => processDelivery(delivery, this.#context);
    this.#cancelWatch.start([...handlers.keys()]);
    for (const jobType of handlers.keys()) {
      const queue = await eventLog.openQueue({ ...this.limitsOf(jobType), jobType, ackWaitMs, onDelivery });
      this.#queues = [...this.#queues, queue];
    }
    logger.info({ worker: this.#context.workerName, types: [...handlers.keys()] }, 'accepting jobs');
  }

  /** Returns the limits of a job type in this process. */
  limitsOf(jobType: string): { readonly concurrency: number } & TypeLimits {
    const { concurrency, limits } = this.#options;
    return { concurrency, ...limits?.get(jobType) };
  }

  /** Returns the runs of handlers in progress, oldest first. */
  running(): readonly RunningJob[] {
    const runs = this.#cancelWatch.running().map(({ chain, number, runId }) => {
      const { id, type, startedAt = '' } = chain.job;
      return { jobId: id, type, attempt: number, runId, startedAt };
    });
    return runs.toSorted((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
  }

  /** Takes no more deliveries, gives running attempts the grace time, then aborts and releases those still running. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const drained = Promise.all(this.#queues.map((queue) => queue.stop()));
    await within(this.#options.shutdownGraceMs, drained);
    this.#closing.abort();
    await within(CLOSING_MS, drained);
    this.#cancelWatch.stop();
  }
}

/** Waits for work to settle, at most `ms` milliseconds. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const finished = work.finally(() => settled.abort());
  await Promise.race([finished, pause(ms, undefined, { signal: settled.signal }).catch(() => undefined)]);
}
