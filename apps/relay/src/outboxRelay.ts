import { type Outbox, type OutboxRow, OutboxUnavailableError, type Unrelayed } from '@jobstream/outbox';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';
import { BackgroundLoop, type Logger, type NextTurn, type Service } from '@jobstream/runtime';
import { CauseLog } from './causeLog.ts';
import type { RelayMetrics } from './relayMetrics.ts';
import { relayRow, type RelayDeps } from './relayRow.ts';
import { settleClaim, type SettledClaim } from './settleClaim.ts';
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
/** Claims at the same time while rows come: one is committed or read while another is appended. */
const LANES = 3;
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 1_000;
const UNAVAILABLE_PAUSE_MS = 500;
/** After a row was put back, which may be the next one to be claimed. */
const PUT_BACK_PAUSE_MS = 100;
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
    const shared = { cursors: new TableCursors(), causes: new CauseLog(options.logger), isBusy: false };
    const lanes = Array.from({ length: LANES }, (_, number) => new Lane(options, shared, number));
    this.#loops = [new Rotation(options, shared), ...lanes];
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
  readonly causes: CauseLog;
  /** The last claim of the first lane, or a later one, found rows: others may come before its appends are acknowledged. */
  isBusy: boolean;
}

/** Claims and relays, one claim after the other. All lanes but the first rest while no rows come. */
class Lane extends BackgroundLoop {
  readonly name = 'relay lane';
  readonly #options: OutboxRelayOptions;
  readonly #shared: Shared;
  readonly #isFirst: boolean;
  #pauseMs = SHORTEST_PAUSE_MS;
  #hasPutBack = false;

  constructor(options: OutboxRelayOptions, shared: Shared, number: number) {
    super();
    this.#options = options;
    this.#shared = shared;
    this.#isFirst = number === 0;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    if (!this.#options.isWritable()) return UNAVAILABLE_PAUSE_MS;
    if (!this.#isFirst && !this.#shared.isBusy) return SHORTEST_PAUSE_MS * 10;
    this.#hasPutBack = false;
    const most = await this.#claimFromAll(stop);
    if (this.#isFirst || most > 0) this.#shared.isBusy = most > 0;
    if (this.#hasPutBack) return PUT_BACK_PAUSE_MS;
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

  async #relay(rows: readonly OutboxRow[]): Promise<readonly Unrelayed[]> {
    const { deps, metrics, outbox } = this.#options;
    // Settled, since no append may go on after the transaction has ended.
    const settled = await Promise.allSettled(rows.map((row) => relayRow(row, deps)));
    const { outcomes, rejected, kept } = settleClaim(rows, settled);
    metrics.relayed(outbox.name, outcomes);
    metrics.putBack(outbox.name, kept.length);
    if (kept.length > 0) metrics.failed(outbox.name);
    this.#report({ rejected, kept });
    this.#hasPutBack ||= kept.length > 0;
    return [...rejected, ...kept.map(({ row }) => ({ row }))];
  }

  #report({ rejected, kept }: Pick<SettledClaim, 'rejected' | 'kept'>): void {
    const { causes } = this.#shared;
    const about = ({ id, type }: OutboxRow) => ({ outbox: this.#options.outbox.name, jobId: id, jobType: type });
    for (const { row, reason } of rejected) {
      const details = { ...about(row), reason };
      causes.log({ level: 'error', message: 'row of the outbox rejected', cause: reason, details });
    }
    for (const { row, error } of kept) {
      const details = { ...about(row), err: error };
      causes.log({ level: 'error', message: 'row of the outbox cannot be relayed', cause: String(error), details });
    }
  }

  protected onError(error: unknown): NextTurn {
    const { outbox, metrics } = this.#options;
    metrics.failed(outbox.name);
    const [level, message] = isTemporary(error)
      ? (['warn', 'rows of the outbox stay for now'] as const)
      : (['error', 'rows of the outbox cannot be relayed'] as const);
    const details = { err: error, outbox: outbox.name };
    this.#shared.causes.log({ level, message, cause: String(error), details });
    return UNAVAILABLE_PAUSE_MS;
  }
}

function isTemporary(error: unknown): boolean {
  const kinds = [OutboxUnavailableError, LogUnavailableError, LogOverloadedError];
  return kinds.some((kind) => error instanceof kind);
}

/** Rotates the tables, and counts what is in them for the metrics. */
class Rotation extends BackgroundLoop {
  readonly name = 'outbox rotation';
  readonly #options: OutboxRelayOptions;
  readonly #shared: Pick<Shared, 'cursors' | 'causes'>;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OutboxRelayOptions, shared: Pick<Shared, 'cursors' | 'causes'>) {
    super();
    this.#options = options;
    this.#shared = shared;
  }

  protected async turn(): Promise<NextTurn> {
    const { outbox, metrics } = this.#options;
    this.#shared.cursors.update(await outbox.rotate(MOST_TABLE_BYTES));
    if (performance.now() - this.#countedAt >= COUNT_EVERY_MS) {
      metrics.counted(outbox.name, await outbox.count());
      this.#countedAt = performance.now();
    }
    return ROTATE_MS;
  }

  protected onError(error: unknown): NextTurn {
    const { outbox, metrics } = this.#options;
    metrics.counted(outbox.name, undefined);
    const details = { err: error, outbox: outbox.name };
    this.#shared.causes.log({ level: 'warn', message: 'outbox unavailable', cause: String(error), details });
    return UNAVAILABLE_PAUSE_MS;
  }
}
