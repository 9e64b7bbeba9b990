import { type Claimed, FIRST_PLACE, type OutboxTable } from '@jobstream/outbox';

interface Cursor {
  readonly number: number;
  active: boolean;
  /** Where the next claim begins; FIRST_PLACE again behind the end of the table, for rows that were committed or stayed before it. */
  after: string;
  /** Left alone until the next `update`. */
  rests: boolean;
}

/**
 * Knows which tables of an outbox to claim from, and where to begin in each: claims go round a table, so that none passes by all
 * rows that were claimed before.
 */
export class TableCursors {
  #cursors: readonly Cursor[] = [];

  /** Takes over what `rotate` has returned. */
  update(tables: readonly OutboxTable[]): void {
    this.#cursors = tables.map(({ number, active }) => {
      const known = this.#cursors.find((cursor) => cursor.number === number);
      return Object.assign(known ?? { number, after: FIRST_PLACE }, { active, rests: false });
    });
  }

  /** The tables to claim from, those first that are to be drained. */
  toClaim(): readonly Cursor[] {
    return this.#cursors.filter(({ rests }) => !rests).toSorted((a, b) => Number(a.active) - Number(b.active));
  }

  /** Moves on once rows are claimed: other claims go on behind them. */
  move(cursor: Cursor, { next }: Claimed): void {
    cursor.after = next;
  }

  /**
   * Takes note of how a claim from the place `after` has ended; undefined for one that has failed. A table that has failed or is
   * drained rests until the next `update`: a claim holds a lock that keeps it from being truncated.
   */
  end(cursor: Cursor, after: string, claimed: Claimed | undefined): void {
    const isEmpty = claimed?.rows === 0;
    if (isEmpty) this.move(cursor, claimed);
    const isDrained = isEmpty && after === FIRST_PLACE && claimed.next === FIRST_PLACE && !cursor.active;
    cursor.rests = claimed === undefined || isDrained;
  }
}
