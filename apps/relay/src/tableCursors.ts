import { type Claimed, FIRST_PLACE, type OutboxTable } from '@jobstream/outbox';

/** After so many claims the beginning of a table is looked at again, for rows that were committed or came back there. */
const CLAIMS_FROM_BEGINNING = 20;

interface Cursor {
  readonly number: number;
  active: boolean;
  after: string;
  claims: number;
  /** No row was left at the last claim. */
  drained: boolean;
}

/**
 * Knows which tables of an outbox to claim from, and where to begin in each, so that a claim does not pass by all rows that
 * were claimed before.
 *
 * A drained table that is not active is left alone until the next `update`: a claim holds a lock that keeps it from being
 * truncated.
 */
export class TableCursors {
  #cursors: readonly Cursor[] = [];

  /** Takes over what `rotate` has returned. */
  update(tables: readonly OutboxTable[]): void {
    this.#cursors = tables.map(({ number, active }) => {
      const known = this.#cursors.find((cursor) => cursor.number === number);
      return { number, after: FIRST_PLACE, claims: 0, ...known, active, drained: false };
    });
  }

  /** The tables to claim from, those first that are to be drained. */
  toClaim(): readonly Cursor[] {
    return this.#cursors.filter(({ drained }) => !drained).toSorted((a, b) => Number(a.active) - Number(b.active));
  }

  /** Moves on after a claim of up to `most` rows. */
  move(cursor: Cursor, { rows, last }: Claimed, most: number): void {
    cursor.claims += 1;
    const isFull = rows === most;
    cursor.after = isFull && cursor.claims % CLAIMS_FROM_BEGINNING !== 0 ? last : FIRST_PLACE;
    cursor.drained = rows === 0 && !cursor.active;
  }
}
