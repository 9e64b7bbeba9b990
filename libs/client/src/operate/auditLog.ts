import type { Actor } from './actor.ts';
import { itemsOf, type Page } from '../jobs/pages.ts';
import type { CallOptions, Transport } from '../transport/transport.ts';

/** `unknown`: the change has not been answered yet, never was, or was answered with a 5xx. */
export type AuditOutcome = 'succeeded' | 'refused' | 'unknown';

/** A change that somebody made over the API, or tried to make. */
export interface AuditRecord {
  readonly id: string;
  readonly at: string;
  readonly actor: Actor;
  /** Of the caller. */
  readonly tenant?: string;
  /** Such as `job.cancel`. */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id?: string };
  readonly reason?: string;
  readonly requestId?: string;
  readonly details?: unknown;
  readonly outcome: AuditOutcome;
  /** Why it was refused. */
  readonly problem?: string;
}

export interface AuditFilter {
  /** The id of a key, or the subject of a token. */
  readonly actor?: string;
  readonly action?: string;
  readonly subjectKind?: string;
  readonly subjectId?: string;
  readonly outcome?: AuditOutcome;
  /** At this time (RFC 3339) or later. */
  readonly from?: string;
  /** Before this time (RFC 3339). */
  readonly to?: string;
}

/** Who changed what, for administrators. */
export class AuditLog {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Iterates over the records that a filter matches, newest first. */
  list(filter: AuditFilter = {}, { signal }: CallOptions = {}): AsyncGenerator<AuditRecord, void, undefined> {
    const query = { ...filter, limit: 200 };
    return itemsOf((cursor) => this.listPage({ ...query, ...(cursor === undefined ? {} : { cursor }) }, { signal }));
  }

  /** Returns one page of the records that a filter matches; `limit` is 1 to 200, default 50. */
  listPage(
    query: AuditFilter & { readonly limit?: number; readonly cursor?: string } = {},
    { signal }: CallOptions = {},
  ): Promise<Page<AuditRecord>> {
    return this.#transport.ask({ path: '/api/audit', query: { ...query }, signal });
  }
}
