import type { LinkedSet, Place } from '../connection/linkedSet.ts';
import type { AppendRequest } from './appendRequest.ts';
import type { PendingAppend } from './appendSettler.ts';
import { outcomeOfError, type AppendOutcome } from './logObserver.ts';

/** What an Appender does with the outcome of one of its appends; false if that one had an outcome before. */
export type OnSettled = (append: QueuedAppend, outcome: AppendOutcome, sequence?: number) => boolean;

export interface QueuedAppendOptions {
  readonly request: AppendRequest;
  readonly body: Uint8Array;
  readonly expected: number;
  readonly deadline: number;
  readonly onSettled: OnSettled;
  /** Those of the promise that its caller waits for. */
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
}

/** An append that waits for its outcome. A class, which spares each append its own closures. */
export class QueuedAppend implements PendingAppend {
  readonly request: AppendRequest;
  readonly body: Uint8Array;
  readonly expected: number;
  readonly deadline: number;
  readonly place: Place<QueuedAppend>;
  uncertain = false;
  readonly #onSettled: OnSettled;
  readonly #resolve: (sequence: number) => void;
  readonly #reject: (error: Error) => void;

  /** Enters it into the set of those without an outcome. */
  constructor(options: QueuedAppendOptions, unsettled: LinkedSet<QueuedAppend>) {
    this.request = options.request;
    this.body = options.body;
    this.expected = options.expected;
    this.deadline = options.deadline;
    this.#onSettled = options.onSettled;
    this.#resolve = options.resolve;
    this.#reject = options.reject;
    this.place = unsettled.add(this);
  }

  get isSettled(): boolean {
    return !this.place.isTaken;
  }

  resolve(sequence: number): void {
    if (this.#onSettled(this, 'stored', sequence)) this.#resolve(sequence);
  }

  reject(error: Error): void {
    if (this.#onSettled(this, outcomeOfError(error))) this.#reject(error);
  }
}
