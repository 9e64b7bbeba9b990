import type { AttemptLogLevel } from '@jobstream/domain';
import type { EventLog } from '@jobstream/eventlog';
import { Announcer } from './announcing/announcer.ts';
import { whyNotYet } from './announcing/whyNotYet.ts';
import { workerIdentity } from './announcing/workerIdentity.ts';
import { LogShipper } from './attemptLogs/logShipper.ts';
import type { Logger } from './handler/logger.ts';
import { DefinedSchedules } from './schedules/definedSchedules.ts';
import { LoopWatchdog, type WatchdogLog } from './watchdog/loopWatchdog.ts';
import { AttemptRunner, type AttemptRunnerOptions } from './attemptRunner.ts';

export interface JobWorkerOptions extends Omit<
  AttemptRunnerOptions,
  'workerName' | 'workerVersion' | 'eventLog' | 'logs' | 'board'
> {
  readonly eventLog: AttemptRunnerOptions['eventLog'] &
    Pick<EventLog, 'announcements' | 'attemptLogs' | 'clock' | 'schedules'>;
  /** What the program of the worker is called in the list of workers; default: it has no name. */
  readonly name?: string | undefined;
  /** The release of that program; each start of an attempt says it. */
  readonly version?: string | undefined;
  /** Lines of handlers from this level on are kept; default `info`. */
  readonly attemptLogs?: AttemptLogLevel | 'off';
  /** Names a blocked event loop, in this log if there is one; default: nothing does. */
  readonly watchdog?: { readonly log: WatchdogLog | undefined } | undefined;
}

/** Runs attempts on an event log that is started before it and stopped after it, and announces what it runs. */
export class JobWorker {
  readonly name = 'worker';
  readonly #attempts: AttemptRunner;
  readonly #announcer: Announcer;
  readonly #logs: LogShipper | undefined;
  readonly #watchdog: LoopWatchdog | undefined;
  readonly #schedules: DefinedSchedules;
  #stopped: Promise<void> | undefined;

  constructor({ name, version, attemptLogs: level = 'info', watchdog, ...options }: JobWorkerOptions) {
    const identity = workerIdentity({ name, version });
    const logs = level === 'off' ? undefined : logShipper(options, level);
    this.#logs = logs;
    this.#watchdog = watchdog && this.#createWatchdog(options.logger, watchdog.log);
    this.#attempts = new AttemptRunner({
      ...options,
      ...(logs === undefined ? {} : { logs }),
      board: this.#watchdog?.board,
      whyNotYet: whyNotYet(options.eventLog),
      workerName: identity.worker,
      workerVersion: version,
    });
    this.#schedules = new DefinedSchedules({ ...options, workerName: identity.worker });
    this.#announcer = new Announcer({
      eventLog: options.eventLog,
      logger: options.logger,
      handlers: options.handlers,
      identity,
      ackWaitMs: options.ackWaitMs,
      limitsOf: (jobType) => this.#attempts.limitsOf(jobType),
      running: () => this.#attempts.running(),
    });
  }

  #createWatchdog(logger: Logger, log: WatchdogLog | undefined): LoopWatchdog {
    return new LoopWatchdog({ logger, log, onBlocked: (blocked) => this.#announcer.blocked(blocked) });
  }

  async start(): Promise<void> {
    this.#watchdog?.start();
    await this.#logs?.start();
    await this.#attempts.start();
    await this.#announcer.start();
    this.#schedules.start();
  }

  /** Takes no more deliveries, gives running attempts the grace time, then aborts and releases those still running. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    void this.#announcer.leaving();
    const schedulesStopped = this.#schedules.stop();
    await this.#attempts.stop();
    await this.#logs?.stop();
    await this.#announcer.stop();
    await this.#watchdog?.stop();
    await schedulesStopped;
  }
}

function logShipper(
  {
    eventLog,
    logger,
    observer,
    errorStacks,
  }: Pick<JobWorkerOptions, 'eventLog' | 'logger' | 'observer' | 'errorStacks'>,
  level: AttemptLogLevel,
): LogShipper {
  const onDropped = observer?.logLinesDropped.bind(observer) ?? (() => undefined);
  return new LogShipper({ eventLog, level, stacks: errorStacks ?? true, logger, onDropped });
}
