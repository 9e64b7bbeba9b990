import { DatabaseError } from 'pg';
import { DatabaseRefusedError, ReadModelUnavailableError } from '../errors.ts';
import { databaseTrouble, isUnreachable } from './databaseTrouble.ts';

/**
 * SQLSTATEs after which the same request may succeed later: connection, resources, operator and system trouble,
 * a read-only standby, serialization and deadlock, lock and statement timeouts, a transaction in which something else failed.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const TEMPORARY = /^(08|53|57|58|40|25006|25P02|25P03|55P03)/;

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
  return error instanceof DatabaseError ? TEMPORARY.test(error.code ?? '') : isUnreachable(error);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** As `translated`, for the first use of a connection: the error names the address, and what to do. @throws DatabaseRefusedError too. */
export async function connected<Result>(work: Promise<Result>, databaseUrl: string): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const trouble = databaseTrouble(error, databaseUrl);
    if (trouble === undefined) throw translateError(error);
    const sentence = `${trouble.wrong} ${trouble.remedy}`;
    if (trouble.isRefusal) throw new DatabaseRefusedError(sentence, { cause: error });
    throw new ReadModelUnavailableError(sentence.replace(/^The/u, 'the'), { cause: error });
  }
}
