import { setTimeout as pause } from 'node:timers/promises';
import type { JobProgress } from '@jobstream/domain';
import { capText } from '../../handler/jobErrorOf.ts';
import type { JobChain } from './jobChain.ts';

/** A pause between two events of one job, so that a handler that reports in a tight loop does not fill the log. */
const PAUSE_MS = 250;
const MESSAGE_LIMIT = 1_024;

/** Appends the progress of one attempt: one event at a time, and of the values reported meanwhile the last one. */
export class ProgressReporter {
  readonly #chain: JobChain;
  readonly #attempt: number;
  readonly #onFailure: (error: unknown) => void;
  #finished = false;
  #pausing: AbortController | undefined;
  #next: JobProgress | undefined;
  #appending: Promise<void> | undefined;

  /** `onFailure` is called once, when an append fails; nothing more is reported then. */
  constructor(chain: JobChain, attempt: number, onFailure: (error: unknown) => void) {
    this.#chain = chain;
    this.#attempt = attempt;
    this.#onFailure = onFailure;
  }

  report(progress: JobProgress): void {
    if (this.#finished) return;
    this.#next = sanitized(progress);
    this.#appending ??= this.#append();
  }

  /** Appends the last value if it is pending; undefined if nothing is in flight. Later reports are ignored. Never rejects. */
  finish(): Promise<void> | undefined {
    this.#finished = true;
    if (this.#appending !== undefined) this.#pausing?.abort('finished');
    return this.#appending;
  }

  async #append(): Promise<void> {
    try {
      while (this.#next !== undefined) {
        const progress = this.#next;
        this.#next = undefined;
        await this.#chain.record({ kind: 'ReportProgress', attempt: this.#attempt, ...progress });
        if (!this.#finished) await this.#pause();
      }
      this.#appending = undefined;
    } catch (error) {
      this.#finished = true;
      this.#onFailure(error);
    }
  }

  async #pause(): Promise<void> {
    this.#pausing = new AbortController();
    await pause(PAUSE_MS, undefined, { signal: this.#pausing.signal }).catch(() => undefined);
  }
}

/** A wrong number in a report must not fail the job. */
function sanitized({ percent, message }: JobProgress): JobProgress {
  return {
    ...(Number.isFinite(percent) ? { percent: Math.min(100, Math.max(0, percent ?? 0)) } : {}),
    ...(message === undefined ? {} : { message: capText(message, MESSAGE_LIMIT) }),
  };
}
