import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../connection/connection.ts';
import { LogUnavailableError } from '../errors.ts';
import { movedOn, type PendingAppend } from './appendRequest.ts';
import { LeaderReader } from '../read/leaderReader.ts';

export interface SettlerActions {
  /** Sends an append again that is known not to be stored. */
  readonly resend: (append: PendingAppend) => void;
}

type Verdict = { readonly stored: number } | 'absent' | 'overtaken';

const PAUSE_MS = 50;

/**
 * Finds out what became of an append that nobody answered, by reading its owner's newest events. Sending again is safe
 * when the event is absent: should the first try still arrive, the expectation lets only one of the two in.
 */
export class AppendSettler {
  readonly #connection: Connection;
  readonly #reader: LeaderReader;
  readonly #actions: SettlerActions;

  constructor(connection: Connection, actions: SettlerActions) {
    this.#connection = connection;
    this.#reader = new LeaderReader(connection);
    this.#actions = actions;
  }

  settle(append: PendingAppend): void {
    append.uncertain = true;
    void this.#settle(append).catch((error: unknown) => {
      append.reject(new LogUnavailableError('the outcome of an append is unknown', { cause: error }));
    });
  }

  async #settle(append: PendingAppend): Promise<void> {
    for (;;) {
      await pause(PAUSE_MS);
      const left = append.deadline - performance.now();
      if (left <= 0) throw new Error('no answer within the deadline');
      const verdict = this.#connection.isConnected() ? await this.#lookUp(append, left) : undefined;
      if (verdict !== undefined) return this.#conclude(append, verdict);
    }
  }

  #conclude(append: PendingAppend, verdict: Verdict): void {
    if (verdict === 'absent') this.#actions.resend(append);
    else if (verdict === 'overtaken') append.reject(movedOn(append));
    else append.resolve(verdict.stored);
  }

  /** The verdict, or undefined when the log did not answer. */
  async #lookUp(append: PendingAppend, timeoutMs: number): Promise<Verdict | undefined> {
    try {
      return await this.#verdict(append, timeoutMs);
    } catch {
      return undefined;
    }
  }

  async #verdict(append: PendingAppend, timeoutMs: number): Promise<Verdict> {
    let message = await this.#reader.last(append.filter, timeoutMs);
    if (message === undefined || message.sequence === append.expected) return 'absent';
    while (message !== undefined && message.sequence > append.expected) {
      if (message.eventId === append.eventId) return { stored: message.sequence };
      if (message.previous === undefined || message.previous <= append.expected) return 'overtaken';
      message = await this.#reader.at(message.previous, timeoutMs);
    }
    return 'overtaken';
  }
}
