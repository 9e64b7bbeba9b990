import { LogUnavailableError } from '@jobstream/eventlog';
import type { EventFeed, EventLog, LogEntry } from '@jobstream/eventlog';
import { RebuildRefusedError } from '@jobstream/readmodel';
import type { SecondTables } from '@jobstream/readmodel';
import { EntryBuffer } from '../projection/entryBuffer.ts';

export interface LogCursorOptions {
  readonly eventLog: Pick<EventLog, 'follow'>;
  readonly tables: Pick<SecondTables, 'apply' | 'lastSequence'>;
  /** Called after each batch, and each second while none arrives; a rejection ends the reading. */
  readonly onTurn: () => Promise<void>;
}

/** Fills second tables from the log, each time up to an exact position; keeps what arrived beyond it for the next time. */
export class LogCursor {
  readonly #options: LogCursorOptions;
  readonly #feed: EventFeed;
  readonly #arrays: AsyncIterator<readonly LogEntry[]>;
  #next: Promise<IteratorResult<readonly LogEntry[]>> | undefined;
  readonly #kept = new EntryBuffer();
  /** The last sequence that was passed to the tables, written or not. */
  #handedOver: number;
  /** Resolves when all of that is written; stays rejected once a write has failed. */
  #written = Promise.resolve();

  constructor(options: LogCursorOptions) {
    this.#options = options;
    this.#feed = options.eventLog.follow({ after: options.tables.lastSequence });
    this.#arrays = this.#feed[Symbol.asyncIterator]();
    this.#handedOver = options.tables.lastSequence;
  }

  /**
   * Projects everything up to the position, which the log must have. Rejects once `stop` is aborted and can then be called
   * again: writes in flight continue, and the next call waits for them. Once a write has failed, every call rejects.
   *
   * @throws RebuildRefusedError when the next event has expired from the log, or the tables are past the position.
   */
  async advanceTo(position: number, stop: AbortSignal): Promise<void> {
    assertNotPast(this.#handedOver, position);
    await unlessAborted(this.#written, stop);
    while (this.#handedOver < position) {
      const batch = await this.#take(position, stop);
      const before = this.#written;
      this.#written = this.#write(batch, before); // prepared while the batch before is written
      this.#written.catch(() => {}); // reported when awaited
      await unlessAborted(before, stop);
    }
    await unlessAborted(this.#written, stop);
  }

  async stop(): Promise<void> {
    await this.#feed.stop();
    await this.#next?.catch(() => {});
    await this.#written.catch(() => {}); // reported to its waiters
    await this.#arrays.return?.();
  }

  async #write(batch: readonly LogEntry[], before: Promise<void>): Promise<void> {
    const { tables, onTurn } = this.#options;
    const after = this.#handedOver;
    this.#handedOver = batch.at(-1)?.sequence ?? after; // also when the write fails: then no call asks for more
    assertNoGap(after, batch);
    await Promise.all([before, tables.apply(batch)]);
    await onTurn();
  }

  async #take(position: number, stop: AbortSignal): Promise<readonly LogEntry[]> {
    while (!this.#kept.isFull && this.#kept.lastSequence < position) this.#kept.add(await this.#arrived(stop));
    stop.throwIfAborted();
    const batch = this.#kept.take(position);
    if (batch.length === 0) throw expired(position);
    return batch;
  }

  /** Keeps the promise when a wait for it is given up, so that its entries are not lost. */
  async #arrived(stop: AbortSignal): Promise<readonly LogEntry[]> {
    for (;;) {
      const next = (this.#next ??= this.#arrays.next());
      const result = await unlessAborted(withinASecond(next), stop);
      if (result === undefined) {
        await this.#options.onTurn();
        continue;
      }
      this.#next = undefined;
      if (result.done === true) throw new LogUnavailableError('the feed has ended');
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
      'their position was reset; discard the new ones with --cancel',
  );
}

/** Sequences have no gaps in a log from which nothing has expired. */
function assertNoGap(lastSequence: number, batch: readonly LogEntry[]): void {
  let next = lastSequence + 1;
  for (const { sequence } of batch) {
    if (sequence !== next) throw expired(next);
    next += 1;
  }
}

function expired(sequence: number): RebuildRefusedError {
  return new RebuildRefusedError(
    `event ${sequence} has expired from the log: the tables cannot be built from the rest`,
  );
}
