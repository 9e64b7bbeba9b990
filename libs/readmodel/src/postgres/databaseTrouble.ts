import { DatabaseError } from 'pg';

/** Why a database cannot be used from here, and what an operator does about it. */
export interface DatabaseTrouble {
  readonly wrong: string;
  readonly remedy: string;
  /** Whether it has answered, and waiting changes nothing. */
  readonly isRefusal: boolean;
}

const CREDENTIALS = new Set(['28P01', '28000']);
const NO_DATABASE = '3D000';

/**
 * Describes why connecting to the database of an address has failed, without its password; undefined for an error that is not about
 * the connection.
 *
 * @param setting the variable that has the address.
 */
export function databaseTrouble(error: unknown, url: string, setting = 'DATABASE_URL'): DatabaseTrouble | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, username } = new URL(url);
  if (isUnreachable(error)) {
    const wrong = `The database ${host}${pathname} cannot be used: ${reasonOf(error)}.`;
    return { wrong, remedy: `Start it, or correct ${setting}.`, isRefusal: false };
  }
  if (!(error instanceof DatabaseError)) return undefined;
  if (CREDENTIALS.has(error.code ?? '')) {
    const wrong = `The database ${host}${pathname} refuses the user ${decodeURIComponent(username)} or its password.`;
    return { wrong, remedy: `Correct ${setting}.`, isRefusal: true };
  }
  if (error.code !== NO_DATABASE) return undefined;
  const name = decodeURIComponent(pathname.slice(1));
  const remedy = `Create it (createdb ${name}), or correct ${setting}.`;
  return { wrong: `The server at ${host} has no database ${name}.`, remedy, isRefusal: true };
}

/** Errors of `pg` without a code when connecting fails, a connection is lost or does not answer. */
const CONNECTION_TROUBLE = /timeout|terminated|connection error|not queryable|Connection ended/i;

/** Whether Postgres cannot be reached: also an AggregateError of system errors, without text, when a name has several addresses. */
export function isUnreachable(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof DatabaseError) return false;
  return ('code' in error && /^E[A-Z_]+$/.test(String(error.code))) || CONNECTION_TROUBLE.test(error.message);
}

/** A name with several addresses fails with an error for each, and no text of its own. */
function reasonOf(error: Error): string {
  const [first]: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const { message } = error.message === '' && first instanceof Error ? first : error;
  return message.replace(/\.$/u, '');
}
