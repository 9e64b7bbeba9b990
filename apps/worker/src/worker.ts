import type { Delivery, EventLog, JobQueue } from '@jobstream/eventlog';
import { Tracing, type Logger, type Service, type TypeLimits } from '@jobstream/runtime';
import { answerDelivery } from './attempt/answerDelivery.ts';
import { silentObserver, type AttemptObserver } from './attempt/attemptObserver.ts';
import { CancelWatch } from './attempt/cancelWatch.ts';
import type { Clock } from './clock.ts';
import type { HandlerRegistry } from './handler/handlerRegistry.ts';
import { within } from './within.ts';
import { workerName } from './workerName.ts';
import type { WorkerContext } from './workerContext.ts';

export interface WorkerOptions {
  readonly eventLog: Pick<
    EventLog,
    'append' | 'contents' | 'readJob' | 'readHistory' | 'scheduleWake' | 'openQueue' | 'onCancelled' | 'onReconnected'
  >;
  readonly handlers: HandlerRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer?: AttemptObserver;
  readonly tracing?: Tracing;
  /** Attempts of each job type that may run at once in this process. */
  readonly concurrency: number;
  /** What differs for single types, by type. */
  readonly limits?: ReadonlyMap<string, TypeLimits> | undefined;
  readonly ackWaitMs: number;
  /** How long running attempts may go on after `stop`. */
  readonly shutdownGraceMs: number;
}

/** What remains for handlers to heed their signal and for the log to take the JobReleased events. */
const CLOSING_MS = 900;

/** Takes deliveries of the handlers' job types and answers each by an attempt. */
export class Worker implements Service {
  readonly name = 'worker';
  readonly #options: WorkerOptions;
  readonly #context: WorkerContext;
  readonly #closing = new AbortController();
  readonly #cancelWatch: CancelWatch;
  #queues: readonly JobQueue[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const identity = { workerName: workerName(), closing: this.#closing.signal };
    this.#cancelWatch = new CancelWatch({ ...options, ...identity });
    const tracing = new Tracing({ endpoint: undefined, service: 'worker', logger: options.logger });
    this.#context = { observer: silentObserver, tracing, ...options, ...identity, cancelWatch: this.#cancelWatch };
  }

  async start(): Promise<void> {
    const { eventLog, handlers, concurrency, limits, ackWaitMs, logger } = this.#options;
    const onDelivery = (delivery: Delivery) => answerDelivery(delivery, this.#context);
    this.#cancelWatch.start([...handlers.keys()]);
    for (const jobType of handlers.keys()) {
      const queue = await eventLog.openQueue({ concurrency, ...limits?.get(jobType), jobType, ackWaitMs, onDelivery });
      this.#queues = [...this.#queues, queue];
    }
    logger.info({ worker: this.#context.workerName, types: [...handlers.keys()] }, 'taking jobs');
  }

  /** Takes no more deliveries, gives running attempts the grace time, then ends and releases those still running. */
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
