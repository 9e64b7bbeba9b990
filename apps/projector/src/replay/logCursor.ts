import { LogUnavailableError } from '@jobstream/eventlog';
import type { EventFeed, EventLog, LogEntry } from '@jobstream/eventlog';
import { RebuildRefusedError } from '@jobstream/readmodel';
import type { SecondTables } from '@jobstream/readmodel';
import { EntryBuffer } from '../projection/entryBuffer.ts';

export interface LogCursorOptions {
  readonly eventLog: Pick<EventLog, 'follow'>;
  readonly tables: Pick<SecondTables, 'apply' | 'lastSequence'>;
  /** Called after each batch, and each second while none arrives; what it throws ends the reading. */
  readonly onTurn: () => Promise<void>;
}

/** Reads the log for second tables and stops at exactly the position that is asked for; what came further, it keeps. */
export class LogCursor {
  readonly #options: LogCursorOptions;
  readonly #feed: EventFeed;
  readonly #arrays: AsyncIterator<readonly LogEntry[]>;
  #next: Promise<IteratorResult<readonly LogEntry[]>> | undefined;
  readonly #kept = new EntryBuffer();
  /** Up to where everything is handed over to the tables, written or not. */
  #handedOver: number;
  /** Resolves when all that was handed over is written; stays rejected once some of it was not. */
  #written = Promise.resolve();

  constructor(options: LogCursorOptions) {
    this.#options = options;
    this.#feed = options.eventLog.follow({ after: options.tables.lastSequence });
    this.#arrays = this.#feed[Symbol.asyncIterator]();
    this.#handedOver = options.tables.lastSequence;
  }

  /**
   * Projects everything up to the position, which the log has. Once the signal is aborted it rejects and can be called
   * again: what is being written goes on, and the next call waits for it. Once a write has failed, every call rejects.
   * RebuildRefusedError when the log has forgotten what comes next, or the tables are past the position.
   */
  async advanceTo(position: number, stop: AbortSignal): Promise<void> {
    assertNotPast(this.#handedOver, position);
    await unlessAborted(this.#written, stop);
    while (this.#handedOver < position) {
      const batch = await this.#take(position, stop);
      const before = this.#written;
      this.#written = this.#write(batch, before); // is prepared while the one before is written
      this.#written.catch(() => {}); // told when it is waited for
      await unlessAborted(before, stop);
    }
    await unlessAborted(this.#written, stop);
  }

  async stop(): Promise<void> {
    await this.#feed.stop();
    await this.#next?.catch(() => {});
    await this.#written.catch(() => {}); // those who waited for it were told
    await this.#arrays.return?.();
  }

  async #write(batch: readonly LogEntry[], before: Promise<void>): Promise<void> {
    const { tables, onTurn } = this.#options;
    const after = this.#handedOver;
    this.#handedOver = batch.at(-1)?.sequence ?? after; // also when the batch is refused: nobody waits for more then
    assertNoGap(after, batch);
    await Promise.all([before, tables.apply(batch)]);
    await onTurn();
  }

  async #take(position: number, stop: AbortSignal): Promise<readonly LogEntry[]> {
    while (!this.#kept.isFull && this.#kept.lastSequence < position) this.#kept.add(await this.#arrived(stop));
    stop.throwIfAborted();
    const batch = this.#kept.take(position);
    if (batch.length === 0) throw forgotten(position);
    return batch;
  }

  /** The promise is kept when the wait for it is given up: what it brings must not be lost. */
  async #arrived(stop: AbortSignal): Promise<readonly LogEntry[]> {
    for (;;) {
      const next = (this.#next ??= this.#arrays.next());
      const result = await unlessAborted(withinASecond(next), stop);
      if (result === undefined) {
        await this.#options.onTurn();
        continue;
      }
      this.#next = undefined;
      if (result.done === true) throw new LogUnavailableError('reading it has ended');
      return result.value;
    }
  }
}

async function withinASecond<Result>(work: Promise<Result>): Promise<Result | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), 1_000);
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

async function unlessAborted<Result>(work: Promise<Result>, stop: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(stop.reason instanceof Error ? stop.reason : new Error('stopped'));
  stop.addEventListener('abort', onAbort);
  if (stop.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop.removeEventListener('abort', onAbort);
  }
}

function assertNotPast(lastSequence: number, position: number): void {
  if (lastSequence <= position) return;
  throw new RebuildRefusedError(
    `the tables in use are at sequence ${position}, behind the new ones at ${lastSequence}: ` +
      'somebody has set them back; begin anew with --cancel',
  );
}

/** Sequences have no gaps in a log that keeps everything. */
function assertNoGap(lastSequence: number, batch: readonly LogEntry[]): void {
  let next = lastSequence + 1;
  for (const { sequence } of batch) {
    if (sequence !== next) throw forgotten(next);
    next += 1;
  }
}

function forgotten(sequence: number): RebuildRefusedError {
  return new RebuildRefusedError(
    `the log has forgotten event ${sequence}: tables cannot be made from what is left of it`,
  );
}
