import type { Actor } from './actor.ts';
import type { CallOptions, Transport } from '../transport/transport.ts';

/** A comparison of the table with the log. Times are RFC 3339. */
export interface Verification {
  readonly id: string;
  /** `lags`: nothing differs, but the table does not have all that the log has, and does not advance. */
  readonly status: 'requested' | 'running' | 'equal' | 'differs' | 'lags' | 'failed';
  readonly requestedAt: string;
  /** Absent if the command line has run it. */
  readonly requestedBy?: Actor;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly progress?: { readonly step: string; readonly done: number; readonly total: number };
  /** The place in the log at which both were compared. */
  readonly position?: number;
  /** The last place in the log after the comparison. */
  readonly end?: number;
  /** How many jobs were compared. */
  readonly jobs?: number;
  /** Each field of a job counts. */
  readonly differences?: number;
  /** The first 100 differences. */
  readonly first?: readonly TableDifference[];
  /** Jobs with events of a newer release, which are compared as far as the service can read them. */
  readonly unreadableJobs?: number;
  /** Messages on subjects of jobs that change nothing, whoever folds the log. */
  readonly ignoredMessages?: number;
  /** Why it failed. */
  readonly reason?: string;
}

/** A difference between the table in use and the log, with both values as text. */
export interface TableDifference {
  readonly table: string;
  /** The id of a job, or another key of the row. */
  readonly key: string;
  readonly problem: 'missing' | 'extra' | 'different';
  readonly field: string;
  readonly live: string | null;
  readonly log: string | null;
}

export interface Verifications {
  /** The one that has not ended. */
  readonly current?: Verification;
  /** The last one that has ended. */
  readonly last?: Verification;
}

/** The proof that the table matches the log, for administrators. */
export class Proof {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns the last comparison, and the one in progress. */
  read({ signal }: CallOptions = {}): Promise<Verifications> {
    return this.#transport.ask({ path: '/api/verification', signal });
  }

  /**
   * Requests a comparison, or returns the one in progress as `current`.
   *
   * @throws UnavailableError within a minute after the last one.
   */
  request({ signal }: CallOptions = {}): Promise<Verifications> {
    return this.#transport.ask({ method: 'POST', path: '/api/verification', repeatable: false, signal });
  }
}
