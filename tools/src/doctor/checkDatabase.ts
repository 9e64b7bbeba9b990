import { assertMigrated, databaseTrouble, SchemaMismatchError } from '@jobstream/readmodel';
import { typedCommand } from '@jobstream/runtime';
import { Client } from 'pg';
import type { Examination, Finding } from './examination.ts';

const TIMEOUT_MS = 5_000;

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
    return [findingOf(error, url)];
  } finally {
    await client.end().catch(() => undefined);
  }
}

function findingOf(error: unknown, url: string): Finding {
  if (error instanceof SchemaMismatchError) {
    const { host, pathname } = new URL(url);
    const wrong = `The database ${host}${pathname} lacks tables: ${error.message}.`;
    return { wrong, remedy: `Run ${typedCommand('migrate')}.` };
  }
  const { wrong, remedy } = databaseTrouble(error, url) ?? {
    wrong: `The database cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
    remedy: 'Correct DATABASE_URL.',
  };
  return { wrong, remedy };
}
