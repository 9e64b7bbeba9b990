import type { Actor } from '@jobstream/domain';
import type { QueryResultRow } from 'pg';
import type { Page } from '../jobs/jobPage.ts';
import { decodeKeyset, encodeKeyset } from '../postgres/keysetCursor.ts';
import { PostgresService } from '../postgres/postgresService.ts';
import type { PoolOptions } from '../postgres/postgresService.ts';
import { originalJson, originalText, storableInstant, storableJson, storableText } from '../postgres/storableValues.ts';

export const auditOutcomes = ['unknown', 'succeeded', 'refused'] as const;
/** `unknown`: the change was begun, and what became of it was not recorded, or the response was a 5xx. */
export type AuditOutcome = (typeof auditOutcomes)[number];

/** One change that a caller of the API made or tried to make. */
export interface AuditRecord {
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly actor: Actor;
  /** Of the caller. */
  readonly tenant?: string | undefined;
  /** What was done, as `<subject kind>.<verb>`. */
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId?: string | undefined;
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly details?: unknown;
  readonly outcome: AuditOutcome;
  /** The problem type of a refused change. */
  readonly problem?: string | undefined;
}

export interface AuditQuery {
  readonly tenant?: string | undefined;
  /** The id of the actor. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subjectKind?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** Inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A record may be written twice, before the change and after it, in any order: an outcome is never taken back. */
const WRITE = {
  name: 'write_audit_record',
  text: `INSERT INTO audit_log AS r (id, at, actor_kind, actor_id, tenant, action, subject_kind, subject_id, reason,
      request_id, details, outcome, problem)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT (id) DO UPDATE SET subject_id = excluded.subject_id, details = excluded.details,
      outcome = excluded.outcome, problem = excluded.problem
    WHERE r.outcome = 'unknown' AND (excluded.outcome <> 'unknown' OR excluded.problem IS NOT NULL)`,
};

const COLUMNS = `id, at, actor_kind, actor_id, tenant, action, subject_kind, subject_id, reason, request_id, details,
  outcome, problem`;

const REMOVE_OLD = `DELETE FROM audit_log WHERE id IN
  (SELECT id FROM audit_log WHERE at < now() - make_interval(secs => $1) ORDER BY at LIMIT 10000)`;

/**
 * Who changed what over the API, in Postgres. Every method rejects with ReadModelUnavailableError or SchemaMismatchError.
 */
export class AuditLog extends PostgresService {
  readonly name = 'audit log';

  constructor(options: PoolOptions) {
    super({ maxConnections: 2, ...options });
  }

  /** Writes a record, or the outcome of one that was written before. May be repeated. */
  async write(record: AuditRecord): Promise<void> {
    await this.use((pool) => pool.query({ ...WRITE, values: valuesOf(record) }));
  }

  /** Lists records, newest first. @throws InvalidCursorError. */
  async list(query: AuditQuery): Promise<Page<AuditRecord>> {
    const statement = listStatement(query);
    const rows = await this.use(async (pool) => (await pool.query<AuditRow>(statement)).rows);
    const items = rows.slice(0, query.limit).map(recordOf);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > query.limit && last !== undefined ? encodeKeyset(last) : null };
  }

  /** Removes some of the records that are older; returns their number. */
  async removeOld(olderThanMs: number): Promise<number> {
    const { rowCount } = await this.use((pool) => pool.query(REMOVE_OLD, [olderThanMs / 1_000]));
    return rowCount ?? 0;
  }
}

function valuesOf(record: AuditRecord): unknown[] {
  const { id, at, actor, tenant, action, subjectKind, subjectId, reason, requestId, details, outcome, problem } =
    record;
  return [
    id,
    at,
    actor.kind,
    storableText(actor.id),
    tenant ?? null,
    action,
    subjectKind,
    textOf(subjectId),
    textOf(reason),
    textOf(requestId),
    details === undefined ? null : storableJson(details),
    outcome,
    problem ?? null,
  ];
}

function textOf(value: string | undefined): string | null {
  return value === undefined ? null : storableText(value);
}

/** Not a named statement, since the best index depends on the values. */
function listStatement(query: AuditQuery): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { tenant, actor, action, subjectKind, subjectId, outcome, from, to, limit, cursor } = query;
  const texts = { tenant, actor_id: actor, action, subject_kind: subjectKind, subject_id: subjectId, outcome };
  const conditions = Object.entries(texts).flatMap(([column, value]) =>
    value === undefined ? [] : [`${column} = ${bind(storableText(value))}`],
  );
  if (from !== undefined) conditions.push(`at >= ${bind(storableInstant(from))}`);
  if (to !== undefined) conditions.push(`at < ${bind(storableInstant(to))}`);
  if (cursor !== undefined) {
    const position = decodeKeyset(cursor);
    conditions.push(`(at, id) < (${bind(position.at)}, ${bind(position.id)})`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const text = `SELECT ${COLUMNS} FROM audit_log ${where} ORDER BY at DESC, id DESC LIMIT ${bind(limit + 1)}`;
  return { text, values };
}

interface AuditRow extends QueryResultRow {
  readonly id: string;
  readonly at: string;
  readonly actor_kind: Actor['kind'];
  readonly actor_id: string;
  readonly tenant: string | null;
  readonly action: string;
  readonly subject_kind: string;
  readonly subject_id: string | null;
  readonly reason: string | null;
  readonly request_id: string | null;
  readonly details: string | null;
  readonly outcome: AuditOutcome;
  readonly problem: string | null;
}

function recordOf(row: AuditRow): AuditRecord {
  return {
    id: row.id,
    at: row.at,
    actor: { kind: row.actor_kind, id: originalText(row.actor_id) },
    tenant: row.tenant ?? undefined,
    action: row.action,
    subjectKind: row.subject_kind,
    subjectId: originalOf(row.subject_id),
    reason: originalOf(row.reason),
    requestId: originalOf(row.request_id),
    details: row.details === null ? undefined : originalJson(row.details),
    outcome: row.outcome,
    problem: row.problem ?? undefined,
  };
}

function originalOf(stored: string | null): string | undefined {
  return stored === null ? undefined : originalText(stored);
}
