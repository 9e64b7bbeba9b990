import type { JobDefinition } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { systemClock } from './attempt/clock.ts';
import type { TypeLimits } from './attemptRunner.ts';
import { handlerRegistry, jobHandler, type Handler, type JobContext, type JobHandler } from './handler/jobHandler.ts';
import { silentLogger, type Logger } from './handler/logger.ts';
import { JobWorker } from './jobWorker.ts';
import type { HandleOptions, ThreadOptions } from './options/handleOptions.ts';
import { standardOutputLogger } from './options/lineLogger.ts';
import { WorkerOptionsError } from './options/workerOptions.ts';
import type { WorkerSettings } from './options/workerSettings.ts';
import { runUntilSignal } from './runUntilSignal.ts';
import { attemptMetrics } from './telemetry/attemptMetrics.ts';
import { OpenTelemetryTracing } from './telemetry/openTelemetryTracing.ts';
import { registerClockOffset, registryMetrics } from './telemetry/registryMetrics.ts';
import { TracePropagation } from './telemetry/tracePropagation.ts';
import { WorkerHealth } from './telemetry/workerHealth.ts';
import { ThreadPool } from './threads/threadPool.ts';

const MAX_THREADS = 1_000;

/** Something that `stop` has to end. */
interface Part {
  stop(): Promise<void>;
}

/** The worker that `createWorker` makes: it connects, runs attempts, announces them, and ends its parts in order. */
export class QueueWorker {
  readonly #settings: WorkerSettings;
  readonly #handlers: Handler[] = [];
  readonly #limits = new Map<string, TypeLimits>();
  readonly #parts: Part[] = [];
  #isReady = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  handle<Definition extends JobDefinition>(
    definition: Definition,
    work: JobHandler<Definition> | URL,
    options: HandleOptions | ThreadOptions = {},
  ): this {
    if (this.#started !== undefined) throw new Error(`handle(${definition.type}) was called after the worker started`);
    const handler = jobHandler(definition, work instanceof URL ? this.#inThreads(work, options) : work);
    handlerRegistry([...this.#handlers, handler]);
    this.#handlers.push(handler);
    const { rate, concurrency = 'threads' in options ? options.threads : undefined } = options;
    this.#limits.set(definition.type, {
      ...(rate === undefined ? {} : { rate }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    return this;
  }

  #inThreads(module: URL, options: Partial<ThreadOptions>): (payload: unknown, ctx: JobContext) => Promise<unknown> {
    const { threads = 0, maxHeapMb } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new WorkerOptionsError([`expected threads to be an integer from 1 to ${MAX_THREADS}, got: ${threads}`]);
    }
    const pool = new ThreadPool({ module, threads, ...(maxHeapMb === undefined ? {} : { maxHeapMb }) });
    this.#parts.push(pool);
    return (payload, ctx) => pool.run(payload, ctx);
  }

  run(): Promise<void> {
    const logger = this.#settings.logger ?? standardOutputLogger();
    return runUntilSignal({ start: () => this.#startOnce(logger), stop: () => this.stop() }, logger);
  }

  start(): Promise<void> {
    return this.#startOnce(this.#settings.logger ?? silentLogger);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #startOnce(logger: Logger): Promise<void> {
    this.#started ??= this.#start(logger);
    return this.#started;
  }

  async #start(logger: Logger): Promise<void> {
    try {
      await this.#startParts(logger);
    } catch (error) {
      await this.#stopParts();
      throw error;
    }
  }

  async #startParts(logger: Logger): Promise<void> {
    const { name, version, concurrency, ackWaitMs, shutdownGraceMs, metrics } = this.#settings;
    const tracing = this.#tracing();
    const eventLog = this.#eventLog(logger, tracing.current);
    await this.#startHealth(eventLog);
    this.#parts.unshift(eventLog);
    logger.info({ servers: withoutPasswords(this.#settings.natsUrl) }, 'connecting to NATS');
    await eventLog.start();
    if (metrics !== undefined) await registerClockOffset(metrics, eventLog.clock);
    const worker = new JobWorker({
      name,
      version,
      eventLog,
      logger,
      tracing,
      concurrency,
      ackWaitMs,
      shutdownGraceMs,
      handlers: handlerRegistry(this.#handlers),
      limits: this.#limits,
      clock: systemClock(eventLog.clock),
      ...(metrics === undefined ? {} : { observer: attemptMetrics(await registryMetrics(metrics)) }),
    });
    this.#parts.unshift(worker);
    await worker.start();
    this.#isReady = true;
  }

  async #startHealth(eventLog: EventLog): Promise<void> {
    const { healthPort: port, metrics, maxClockSkewMs } = this.#settings;
    if (port === undefined) return;
    const isReady = () => this.#isReady && eventLog.isWritable() && eventLog.clock.isWithin(maxClockSkewMs);
    const health = new WorkerHealth({ port, isReady, metrics });
    this.#parts.unshift(health);
    await health.start();
  }

  #tracing(): OpenTelemetryTracing | TracePropagation {
    const { tracing } = this.#settings;
    return tracing === undefined ? new TracePropagation() : new OpenTelemetryTracing(tracing);
  }

  #eventLog(logger: Logger, traceparent: () => string | undefined): EventLog {
    const { natsUrl, natsUser, natsPassword, natsCreds, payloadKeys } = this.#settings;
    return new EventLog({
      name: 'worker',
      url: natsUrl,
      user: natsUser,
      password: natsPassword,
      credsFile: natsCreds,
      masterKeys: payloadKeys,
      createStreams: false,
      logger,
      traceparent,
    });
  }

  async #stop(): Promise<void> {
    this.#isReady = false;
    await this.#started?.catch(() => undefined);
    await this.#stopParts();
  }

  async #stopParts(): Promise<void> {
    for (const part of this.#parts) await part.stop();
  }
}

function withoutPasswords(urls: string): string {
  return urls.replaceAll(/\/\/[^/,]*@/g, '//');
}
