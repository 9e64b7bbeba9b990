import { assertMigrated, SchemaMismatchError } from '@jobstream/readmodel';
import { typedCommand } from '@jobstream/runtime';
import { Client, DatabaseError } from 'pg';
import type { Examination, Finding } from './examination.ts';

const TIMEOUT_MS = 5_000;
const CREDENTIALS = new Set(['28P01', '28000']);
const NO_DATABASE = '3D000';

/** Whether the database can be reached and used, and has the tables of this release. */
export async function checkDatabase({
  env,
  hasDatabase,
}: Pick<Examination, 'env' | 'hasDatabase'>): Promise<readonly Finding[]> {
  const url = env['DATABASE_URL'];
  if (!hasDatabase || url === undefined || !URL.canParse(url)) return [];
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await assertMigrated(client);
    return [];
  } catch (error) {
    return [findingOf(error, new URL(url))];
  } finally {
    await client.end().catch(() => undefined);
  }
}

function findingOf(error: unknown, { host, pathname, username }: URL): Finding {
  const [place, code] = [`${host}${pathname}`, error instanceof DatabaseError ? (error.code ?? '') : ''];
  if (error instanceof SchemaMismatchError) {
    return {
      wrong: `The database ${place} lacks tables: ${error.message}.`,
      remedy: `Run ${typedCommand('migrate')}.`,
    };
  }
  if (CREDENTIALS.has(code)) {
    const wrong = `The database ${place} refuses the user ${decodeURIComponent(username)} or its password.`;
    return { wrong, remedy: 'Correct DATABASE_URL.' };
  }
  if (code === NO_DATABASE) {
    const remedy = `Create it (createdb ${pathname.slice(1)}), or correct DATABASE_URL.`;
    return { wrong: `The server at ${host} has no database ${pathname.slice(1)}.`, remedy };
  }
  return {
    wrong: `The database ${place} cannot be used: ${reasonOf(error)}.`,
    remedy: 'Start it, or correct DATABASE_URL.',
  };
}

/** A name with several addresses fails with an error for each, and no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
