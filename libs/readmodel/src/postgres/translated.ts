import { DatabaseError } from 'pg';
import { ReadModelUnavailableError } from '../errors.ts';

/**
 * SQLSTATEs after which the same request may succeed later: connection, resources, operator and system trouble,
 * a read-only standby, serialization and deadlock, lock and statement timeouts, a transaction in which something else failed.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const TEMPORARY = /^(08|53|57|58|40|25006|25P02|25P03|55P03)/;

/** Errors of `pg` without a code when connecting fails, a connection is lost or does not answer. */
const CONNECTION_TROUBLE = /timeout|terminated|connection error|not queryable|Connection ended/i;

/** Translates temporary errors to ReadModelUnavailableError; returns any other error as it is. */
function translateError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return isTemporary(error) ? new ReadModelUnavailableError(error.message || codeOf(error), { cause: error }) : error;
}

/** Awaits the work on the database and translates its failure. */
export async function translated<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw translateError(error);
  }
}

function isTemporary(error: Error): boolean {
  if (error instanceof DatabaseError) return TEMPORARY.test(error.code ?? '');
  // System errors such as ECONNREFUSED; an AggregateError of them, without text, when a name has several addresses.
  return /^E[A-Z_]+$/.test(codeOf(error)) || CONNECTION_TROUBLE.test(error.message);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
