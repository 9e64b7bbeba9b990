import type { EventLog } from '@jobstream/eventlog';
import { Announcer } from './announcing/announcer.ts';
import { workerIdentity } from './announcing/workerIdentity.ts';
import { AttemptRunner, type AttemptRunnerOptions } from './attemptRunner.ts';

export interface JobWorkerOptions extends Omit<AttemptRunnerOptions, 'workerName' | 'eventLog'> {
  readonly eventLog: AttemptRunnerOptions['eventLog'] & Pick<EventLog, 'announcements'>;
  /** What the program of the worker is called in the list of workers; default: it has no name. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
}

/** Runs attempts on an event log that is started before it and stopped after it, and announces what it runs. */
export class JobWorker {
  readonly name = 'worker';
  readonly #attempts: AttemptRunner;
  readonly #announcer: Announcer;
  #stopped: Promise<void> | undefined;

  constructor({ name, version, ...options }: JobWorkerOptions) {
    const identity = workerIdentity({ name, version });
    this.#attempts = new AttemptRunner({ ...options, workerName: identity.worker });
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

  async start(): Promise<void> {
    await this.#attempts.start();
    await this.#announcer.start();
  }

  /** Takes no more deliveries, gives running attempts the grace time, then aborts and releases those still running. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    void this.#announcer.leaving();
    await this.#attempts.stop();
    await this.#announcer.stop();
  }
}
