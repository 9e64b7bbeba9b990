import type { JobEventName } from '@jobstream/client';
import type { AttemptRunnerOptions } from '@jobstream/worker/test-engine';

/** What a worker needs of an event log. */
export type WorkerLog = AttemptRunnerOptions['eventLog'];

/** A point in the work of a worker: right before an event is appended, or right after it is in the log. */
export type CrashPoint = `${'before' | 'after'} ${JobEventName}`;

/** What is no more, and answers nothing. */
const never = new Promise<never>(() => undefined);

export interface CrashableLogOptions {
  readonly log: WorkerLog;
  /** Asked at each point; true crashes the worker there. */
  readonly crashesAt: (point: CrashPoint) => boolean;
  readonly onCrash: () => void;
}

/**
 * The event log of a worker that can crash: from then on it learns nothing of the log, and the log nothing of it, as if its
 * process had been killed. Its code cannot be stopped.
 */
export class CrashableLog implements WorkerLog {
  readonly #options: CrashableLogOptions;
  #hasCrashed = false;

  constructor(options: CrashableLogOptions) {
    this.#options = options;
  }

  get contents(): WorkerLog['contents'] {
    return this.#options.log.contents;
  }

  async append(...args: Parameters<WorkerLog['append']>): Promise<number> {
    const [{ event }] = args;
    if (this.#crash(`before ${event}`)) return never;
    const sequence = await this.#options.log.append(...args);
    return this.#crash(`after ${event}`) ? never : sequence;
  }

  readJob(...args: Parameters<WorkerLog['readJob']>): ReturnType<WorkerLog['readJob']> {
    return this.#unlessCrashed((log) => log.readJob(...args));
  }

  scheduleWake(...args: Parameters<WorkerLog['scheduleWake']>): Promise<void> {
    return this.#unlessCrashed((log) => log.scheduleWake(...args));
  }

  openQueue(...args: Parameters<WorkerLog['openQueue']>): ReturnType<WorkerLog['openQueue']> {
    return this.#options.log.openQueue(...args);
  }

  subscribeToCancellations(...args: Parameters<WorkerLog['subscribeToCancellations']>): () => void {
    return this.#options.log.subscribeToCancellations(...args);
  }

  onReconnected(callback: () => void): () => void {
    return this.#options.log.onReconnected(callback);
  }

  async #unlessCrashed<Value>(ask: (log: WorkerLog) => Promise<Value>): Promise<Value> {
    const answer = this.#hasCrashed ? never : await ask(this.#options.log);
    return this.#hasCrashed ? never : answer;
  }

  #crash(point: CrashPoint): boolean {
    if (!this.#hasCrashed && this.#options.crashesAt(point)) {
      this.#hasCrashed = true;
      this.#options.onCrash();
    }
    return this.#hasCrashed;
  }
}
