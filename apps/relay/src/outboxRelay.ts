import { type Outbox, type OutboxRow, OutboxUnavailableError, type Rejection } from '@jobstream/outbox';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';
import { BackgroundLoop, type Logger, type NextTurn, type Service } from '@jobstream/runtime';
import type { RelayMetrics } from './relayMetrics.ts';
import { type Outcome, relayRow, type RelayDeps } from './relayRow.ts';
import { TableCursors } from './tableCursors.ts';

export interface OutboxRelayOptions {
  readonly outbox: Outbox;
  readonly deps: RelayDeps;
  /** Whether the log takes appends: while it does not, rows are left where they are. */
  readonly isWritable: () => boolean;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

/** Rows of a claim; their appends are pending at the same time and share syncs of the disk. */
const MOST_ROWS = 500;
/** Claims at the same time while there is a backlog: one is committed or read while another is appended. */
const LANES = 3;
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 1_000;
const UNAVAILABLE_PAUSE_MS = 500;
const ROTATE_MS = 500;
/** Beyond it another table takes new jobs. Small, since all claims pass by the dead rows of a table. */
const MOST_TABLE_BYTES = 1_048_576;
const COUNT_EVERY_MS = 5_000;

/**
 * Relays the jobs of one outbox into the log. Any number of relays may work on it. `stop` waits until the claims at hand are
 * committed or given back.
 */
export class OutboxRelay implements Service {
  readonly name: string;
  readonly #outbox: Outbox;
  readonly #loops: readonly BackgroundLoop[];

  constructor(options: OutboxRelayOptions) {
    this.#outbox = options.outbox;
    this.name = `relay of ${options.outbox.name}`;
    const shared = { cursors: new TableCursors(), hasBacklog: false };
    const lanes = Array.from({ length: LANES }, (_, number) => new Lane(options, shared, number));
    this.#loops = [new Rotation(options, shared.cursors), ...lanes];
  }

  async start(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await this.#outbox.close();
  }
}

interface Shared {
  readonly cursors: TableCursors;
  /** A claim was full: there is work for more than one lane. */
  hasBacklog: boolean;
}

/** Claims and relays, one claim after the other. All lanes but the first rest while there is no backlog. */
class Lane extends BackgroundLoop {
  readonly name = 'relay lane';
  readonly #options: OutboxRelayOptions;
  readonly #shared: Shared;
  readonly #isFirst: boolean;
  #pauseMs = SHORTEST_PAUSE_MS;

  constructor(options: OutboxRelayOptions, shared: Shared, number: number) {
    super();
    this.#options = options;
    this.#shared = shared;
    this.#isFirst = number === 0;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    if (!this.#options.isWritable()) return UNAVAILABLE_PAUSE_MS;
    if (!this.#isFirst && !this.#shared.hasBacklog) return SHORTEST_PAUSE_MS * 10;
    const most = await this.#claimFromAll(stop);
    if (this.#isFirst || most === MOST_ROWS) this.#shared.hasBacklog = most === MOST_ROWS;
    if (most === MOST_ROWS) return 0;
    this.#pauseMs = most > 0 ? SHORTEST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    return this.#pauseMs;
  }

  /** Returns the rows of the largest claim. */
  async #claimFromAll(stop: AbortSignal): Promise<number> {
    const { cursors } = this.#shared;
    let most = 0;
    for (const cursor of cursors.toClaim()) {
      if (stop.aborted) break;
      const claim = { table: cursor.number, after: cursor.after, most: MOST_ROWS };
      const claimed = await this.#options.outbox.claim(claim, (rows) => this.#relay(rows));
      cursors.move(cursor, claimed, MOST_ROWS);
      most = Math.max(most, claimed.rows);
    }
    return most;
  }

  async #relay(rows: readonly OutboxRow[]): Promise<readonly Rejection[]> {
    const { deps, metrics, outbox, logger } = this.#options;
    const outcomes = await allSettled(rows.map((row) => relayRow(row, deps)));
    const rejections = rows.flatMap((row, index) => rejectionOf(row, outcomes[index]));
    for (const { row, reason } of rejections) {
      logger.error({ outbox: outbox.name, jobId: row.id, jobType: row.type, reason }, 'row of the outbox rejected');
    }
    metrics.relayed(outbox.name, outcomes);
    return rejections;
  }

  protected onError(error: unknown): NextTurn {
    const { outbox, metrics, logger } = this.#options;
    metrics.failed(outbox.name);
    const details = { err: error, outbox: outbox.name };
    if (isTemporary(error)) logger.warn(details, 'rows of the outbox stay for now');
    else logger.error(details, 'rows of the outbox cannot be relayed');
    return UNAVAILABLE_PAUSE_MS;
  }
}

function isTemporary(error: unknown): boolean {
  const kinds = [OutboxUnavailableError, LogUnavailableError, LogOverloadedError];
  return kinds.some((kind) => error instanceof kind);
}

/** As Promise.all, but rejects only when all have ended: no append may go on after the transaction has. */
async function allSettled(work: readonly Promise<Outcome>[]): Promise<readonly Outcome[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

function rejectionOf(row: OutboxRow, outcome: Outcome | undefined): readonly Rejection[] {
  return typeof outcome === 'object' ? [{ row, reason: outcome.reason }] : [];
}

/** Rotates the tables, and counts what is in them for the metrics. */
class Rotation extends BackgroundLoop {
  readonly name = 'outbox rotation';
  readonly #options: OutboxRelayOptions;
  readonly #cursors: TableCursors;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OutboxRelayOptions, cursors: TableCursors) {
    super();
    this.#options = options;
    this.#cursors = cursors;
  }

  protected async turn(): Promise<NextTurn> {
    const { outbox, metrics } = this.#options;
    this.#cursors.update(await outbox.rotate(MOST_TABLE_BYTES));
    if (performance.now() - this.#countedAt >= COUNT_EVERY_MS) {
      metrics.counted(outbox.name, await outbox.count());
      this.#countedAt = performance.now();
    }
    return ROTATE_MS;
  }

  protected onError(error: unknown): NextTurn {
    const { outbox, metrics, logger } = this.#options;
    metrics.counted(outbox.name, undefined);
    logger.warn({ err: error, outbox: outbox.name }, 'outbox unavailable');
    return UNAVAILABLE_PAUSE_MS;
  }
}
