import { EventTooLargeError, LogOverloadedError } from '../errors.ts';

/** The default of nats-server, for a server that does not report its limit. */
const DEFAULT_MAX_PAYLOAD = 1_048_576;
/** An upper bound for header names and protocol text beside the body. */
const OVERHEAD_BYTES = 1_024;

export interface AppendLimiterOptions {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
}

/**
 * Limits the appends that are pending at the same time, by number and by bytes. Appends over a limit are rejected at
 * once, so that a slow or unavailable log does not fill the memory of its writers.
 */
export class AppendLimiter {
  readonly #options: AppendLimiterOptions;
  #pending = 0;
  #bytes = 0;

  constructor(options: AppendLimiterOptions) {
    this.#options = options;
  }

  /**
   * Counts appends as pending until they are released. While none is pending, any number of bytes is accepted.
   *
   * @throws LogOverloadedError when they exceed a limit; then nothing is counted.
   */
  acquire(appends: number, bytes: number): void {
    const { maxPending, maxPendingBytes } = this.#options;
    const isFull = this.#pending > 0 && this.#bytes + bytes > maxPendingBytes;
    if (isFull || this.#pending + appends > maxPending) throw new LogOverloadedError(this.#pending);
    this.#pending += appends;
    this.#bytes += bytes;
  }

  release(appends: number, bytes: number): void {
    this.#pending -= appends;
    this.#bytes -= bytes;
  }
}

/** @throws EventTooLargeError for the body of an event that exceeds the server's `max_payload`. */
export function assertFits(body: Uint8Array, maxPayload = DEFAULT_MAX_PAYLOAD): void {
  const limit = maxPayload - OVERHEAD_BYTES;
  if (body.length > limit) throw new EventTooLargeError(body.length, limit);
}
