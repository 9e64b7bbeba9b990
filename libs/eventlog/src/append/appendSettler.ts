import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../connection/connection.ts';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { LeaderReader } from '../read/leaderReader.ts';
import type { AppendRequest } from './appendRequest.ts';

/** An append without an outcome yet; for an atomic batch, that of its last event, since its events are stored in order. */
export interface PendingAppend {
  readonly request: Pick<AppendRequest, 'eventId' | 'kind' | 'owner' | 'filter'>;
  readonly expected: number;
  /** In the time of `performance.now()`. */
  readonly deadline: number;
  /** Set once an outcome was unknown: from then on a conflict may be with our own first try. */
  uncertain: boolean;
  resolve(sequence: number): void;
  reject(error: Error): void;
}

type Verdict = { readonly kind: 'stored'; readonly sequence: number } | { readonly kind: 'absent' | 'overtaken' };

const PAUSE_MS = 50;
/** The answer to a look-up is lost with its connection, which the client library does not report. */
const LOOK_UP_MS = 1_000;

/**
 * Settles appends that were not acknowledged, by reading the newest events of their owner. An absent event is sent again,
 * which is safe: should the first try still arrive, the expectation lets only one of the two in.
 */
export class AppendSettler<Append extends PendingAppend> {
  readonly #connection: Connection;
  readonly #reader: Pick<LeaderReader, 'last' | 'at'>;
  readonly #resend: (append: Append) => void;

  /** `resend` is called with an append that is known not to be stored. */
  constructor(
    connection: Connection,
    resend: (append: Append) => void,
    reader: Pick<LeaderReader, 'last' | 'at'> = new LeaderReader(connection),
  ) {
    this.#connection = connection;
    this.#reader = reader;
    this.#resend = resend;
  }

  /** Resolves, rejects or resends the append, at its deadline at the latest. */
  settle(append: Append): void {
    append.uncertain = true;
    void this.#settle(append).catch((error: unknown) => {
      append.reject(new LogUnavailableError('the outcome of an append is unknown', { cause: error }));
    });
  }

  async #settle(append: Append): Promise<void> {
    for (;;) {
      await pause(PAUSE_MS);
      const remainingMs = append.deadline - performance.now();
      if (remainingMs <= 0) throw new Error('no answer within the deadline');
      if (!this.#connection.isConnected()) continue;
      const timeoutMs = Math.min(remainingMs, LOOK_UP_MS);
      const verdict = await this.#verdict(append, timeoutMs).catch(() => undefined);
      if (verdict !== undefined) return this.#conclude(append, verdict);
    }
  }

  #conclude(append: Append, verdict: Verdict): void {
    if (verdict.kind === 'stored') append.resolve(verdict.sequence);
    else if (verdict.kind === 'absent') this.#resend(append);
    else append.reject(conflictOf(append));
  }

  async #verdict(append: Append, timeoutMs: number): Promise<Verdict> {
    let message = await this.#reader.last(append.request.filter, timeoutMs);
    if (message === undefined || message.sequence === append.expected) return { kind: 'absent' };
    while (message !== undefined && message.sequence > append.expected) {
      if (message.eventId === append.request.eventId) return { kind: 'stored', sequence: message.sequence };
      if (message.previous === undefined || message.previous <= append.expected) break;
      message = await this.#reader.at(message.previous, timeoutMs);
    }
    return { kind: 'overtaken' };
  }
}

/** Returns the error for an append that lost against another writer. */
export function conflictOf({ request: { kind, owner }, expected }: PendingAppend): ConcurrentAppendError {
  return new ConcurrentAppendError(`${kind} ${owner}`, expected);
}
