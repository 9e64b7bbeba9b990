import { LogOverloadedError, EventTooLargeError } from '../errors.ts';
import type { Connection } from '../connection/connection.ts';

/** What a server takes that does not say. */
const USUAL_LIMIT = 1_048_576;

/** Header names and protocol text beside the body, generously. */
const OVERHEAD_BYTES = 1_024;

export interface AppendLimiterOptions {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
}

/**
 * Room for appends that wait for their outcome: so many, and so many bytes of them. What finds none is refused at once,
 * so that a log that is slow or away does not fill the memory of those who write.
 */
export class AppendLimiter {
  readonly #options: AppendLimiterOptions;
  #waiting = 0;
  #bytes = 0;

  constructor(options: AppendLimiterOptions) {
    this.#options = options;
  }

  /** LogOverloadedError where there is no limiter. Where nothing waits there is, for any number of bytes. */
  acquire(appends: number, bytes: number): void {
    const { maxPending, maxPendingBytes } = this.#options;
    const isFull = this.#waiting > 0 && this.#bytes + bytes > maxPendingBytes;
    if (isFull || this.#waiting + appends > maxPending) throw new LogOverloadedError(this.#waiting);
    this.#waiting += appends;
    this.#bytes += bytes;
  }

  release(appends: number, bytes: number): void {
    this.#waiting -= appends;
    this.#bytes -= bytes;
  }
}

/** EventTooLargeError for the body of an event that the server would not take. */
export function assertFits(body: Uint8Array, { nats }: Connection): void {
  const limit = (nats.info?.max_payload ?? USUAL_LIMIT) - OVERHEAD_BYTES;
  if (body.length > limit) throw new EventTooLargeError(body.length, limit);
}
