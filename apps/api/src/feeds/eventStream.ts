import type { Logger } from '@jobstream/runtime';
import type { Response } from 'express';
import { positionFrame } from './eventFrames.ts';
import type { LongRequests } from './longRequests.ts';

export interface EventStreamOptions {
  readonly res: Response;
  readonly longRequests: Pick<LongRequests, 'track'>;
  readonly logger: Logger;
  /** What the client has been sent, for heartbeats: one with a narrow filter would otherwise resume from far back. */
  readonly position?: () => number;
  /** Called when the client has taken what was sent, and when the stream is over. */
  readonly onTaken?: () => void;
}

const HEARTBEAT_MS = 15_000;
/** When a browser should reconnect after a stream has ended. */
const RETRY_MS = 1_000;
const NO_CONTENT = 204;

/**
 * A `text/event-stream` response, with a heartbeat every 15 s. It is over when its client is gone or the process stops.
 *
 * Nothing is buffered for a client but what its connection has not accepted yet: send no more before `taken`. A client that takes nothing from one
 * heartbeat to the next is disconnected; it resumes after the last event that it has received.
 */
export class EventStream implements Disposable {
  readonly #options: EventStreamOptions;
  readonly #res: Response;
  readonly #over = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  #taken = Promise.withResolvers<void>();
  #stalled = false;

  /** @throws Problem when no more requests may be open for long. */
  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#res = options.res;
    options.longRequests.track('feeds', options.res, this.end);
    this.#res.once('close', this.end);
    this.#res.on('drain', this.#onDrain);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Aborted when nothing more has to be sent. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the head has been sent. */
  get isOpen(): boolean {
    return this.#res.headersSent;
  }

  /** Whether the connection has not accepted yet what was sent. */
  get isFull(): boolean {
    return this.#res.writableNeedDrain;
  }

  /** Resolves when the connection has accepted what was sent, or the stream is over. */
  async taken(): Promise<void> {
    while (this.isFull && !this.over.aborted) await this.#taken.promise;
  }

  /** Sends frames, before the first of them the head. */
  send(frames: string | Buffer): void {
    if (!this.isOpen) sendHead(this.#res);
    if (frames.length > 0) this.#res.write(frames);
  }

  /** Nothing will ever follow: without a frame the answer is 204, which tells browsers not to reconnect. */
  complete(): void {
    if (!this.isOpen) this.#res.statusCode = NO_CONTENT;
    this.#res.end();
  }

  /** Ends the response; browsers reconnect. */
  close(): void {
    if (!this.#res.destroyed) this.send('');
    this.#res.end();
  }

  /** Cuts the connection; clients reconnect. */
  disconnect(reason: string): void {
    const { logger, position } = this.#options;
    logger.info({ position: position?.() }, `feed closed: ${reason}`);
    this.#res.destroy();
    this.end();
  }

  readonly end = (): void => {
    this.#over.abort();
    this.#wake();
  };

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
  }

  readonly #onDrain = (): void => {
    this.#stalled = false;
    this.#wake();
  };

  #wake(): void {
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    this.#options.onTaken?.();
  }

  #beat(): void {
    if (!this.isOpen) return;
    const position = this.#options.position?.();
    if (!this.isFull) this.#res.write(`: heartbeat\n${position === undefined ? '\n' : positionFrame(position)}`);
    else if (this.#stalled) this.disconnect('the client is too slow');
    else this.#stalled = true;
  }
}

/** Starts a `text/event-stream` response: sends its head. */
export function sendHead(res: Response): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Accel-Buffering', 'no'); // keeps proxies from buffering events
  res.write(`retry: ${RETRY_MS}\n\n`);
}
