import type { JobDefinition } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { systemClock } from './attempt/chain/clock.ts';
import type { JobHandler } from './handler/jobHandler.ts';
import { silentLogger, type Logger } from './handler/logger.ts';
import { JobWorker, type JobWorkerOptions } from './jobWorker.ts';
import type { HandleOptions, ThreadOptions } from './options/handleOptions.ts';
import { standardOutputLogger, standardOutputWarns } from './options/lineLogger.ts';
import { WorkerOptionsError } from './options/workerOptions.ts';
import type { WorkerSettings } from './options/workerSettings.ts';
import { RegisteredHandlers } from './registeredHandlers.ts';
import { runUntilSignal } from './runUntilSignal.ts';
import { attemptMetrics } from './telemetry/attemptMetrics.ts';
import { OpenTelemetryTracing } from './telemetry/openTelemetryTracing.ts';
import { registerClockOffset, registryMetrics } from './telemetry/registryMetrics.ts';
import { TracePropagation } from './telemetry/tracePropagation.ts';
import { WorkerHealth } from './telemetry/workerHealth.ts';
import { logBeside, type WatchdogLog } from './watchdog/loopWatchdog.ts';

/** Something that `stop` has to end. */
interface Part {
  stop(): Promise<void>;
}

/** The worker that `createWorker` makes: it connects, runs attempts, announces them, and ends its parts in order. */
export class QueueWorker {
  readonly #settings: WorkerSettings;
  readonly #handlers = new RegisteredHandlers();
  readonly #parts: Part[] = [this.#handlers];
  #isReady = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  handle<Definition extends JobDefinition>(
    definition: Definition,
    ...work: readonly [work: JobHandler<Definition> | URL, options?: HandleOptions | ThreadOptions]
  ): this {
    if (this.#started !== undefined) throw new Error(`handle(${definition.type}) was called after the worker started`);
    this.#handlers.handle(definition, ...work);
    return this;
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
    const { problems, warnings } = this.#settings;
    for (const warning of warnings) logger.warn(warning);
    if (problems.length > 0) throw new WorkerOptionsError(problems);
    const { metrics } = this.#settings;
    const tracing = this.#tracing();
    const eventLog = this.#eventLog(logger, tracing.current);
    await this.#startHealth(eventLog);
    this.#parts.unshift(eventLog);
    logger.info({ servers: withoutPasswords(this.#settings.natsUrl) }, 'connecting to NATS');
    await eventLog.start();
    if (metrics !== undefined) await registerClockOffset(metrics, eventLog.clock);
    const observer = metrics === undefined ? {} : { observer: attemptMetrics(await registryMetrics(metrics)) };
    const worker = new JobWorker({
      ...this.#jobWorkerOptions(logger),
      ...observer,
      eventLog,
      tracing,
      clock: systemClock(eventLog.clock),
    });
    this.#parts.unshift(worker);
    await worker.start();
    this.#isReady = true;
  }

  #jobWorkerOptions(logger: Logger): Omit<JobWorkerOptions, 'eventLog' | 'tracing' | 'clock'> {
    const { name, version, concurrency, ackWaitMs, shutdownGraceMs, slotWaitMs, errorStacks, attemptLogs } =
      this.#settings;
    return {
      name,
      version,
      logger,
      concurrency,
      ackWaitMs,
      shutdownGraceMs,
      slotWaitMs,
      errorStacks,
      attemptLogs,
      watchdog: this.#settings.loopWatchdog ? { log: this.#logBeside(logger) } : undefined,
      handlers: this.#handlers.registry(),
      limits: this.#handlers.limits,
    };
  }

  /** Where the watchdog writes: as the logger of this worker, which may be the one of `run`. */
  #logBeside(logger: Logger): WatchdogLog | undefined {
    if (logger === this.#settings.logger || logger === silentLogger) return logBeside(logger);
    return standardOutputWarns() ? { fd: 1, level: 'warn' } : undefined;
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
    const { natsUrl, natsUrlIsDefault, natsUser, natsPassword, natsCreds, payloadKeys } = this.#settings;
    return new EventLog({
      name: 'worker',
      url: natsUrl,
      urlIsDefault: natsUrlIsDefault,
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
