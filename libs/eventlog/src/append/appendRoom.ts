import { LogOverloadedError } from '../errors.ts';

export interface AppendRoomOptions {
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
}

/**
 * Room for appends that wait for their outcome: so many, and so many bytes of them. What finds none is refused at once,
 * so that a log that is slow or away does not fill the memory of those who write.
 */
export class AppendRoom {
  readonly #options: AppendRoomOptions;
  #waiting = 0;
  #bytes = 0;

  constructor(options: AppendRoomOptions) {
    this.#options = options;
  }

  /** LogOverloadedError where there is no room. Where nothing waits there is, for any number of bytes. */
  enter(appends: number, bytes: number): void {
    const { maxWaiting, maxWaitingBytes } = this.#options;
    const isFull = this.#waiting > 0 && this.#bytes + bytes > maxWaitingBytes;
    if (isFull || this.#waiting + appends > maxWaiting) throw new LogOverloadedError(this.#waiting);
    this.#waiting += appends;
    this.#bytes += bytes;
  }

  leave(appends: number, bytes: number): void {
    this.#waiting -= appends;
    this.#bytes -= bytes;
  }
}
