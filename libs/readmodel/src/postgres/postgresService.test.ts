import { createMigratedDatabase, eventually, queryDatabase } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { ReadModelUnavailableError } from '../errors.ts';
import { migrate } from './migrate.ts';
import { PostgresService } from './postgresService.ts';

/** Keeps a connection between two statements. */
class TwoStatements extends PostgresService {
  readonly name = 'two statements';

  run(between: () => Promise<unknown>): Promise<unknown> {
    return this.use(async (pool) => {
      const client = await pool.connect();
      try {
        await client.query('SELECT 1');
        await between();
        return await client.query('SELECT 2');
      } finally {
        client.release(true);
      }
    });
  }
}

test('a connection that is lost between two statements fails the second, and the next one has another', async () => {
  const databaseUrl = await createMigratedDatabase(migrate);
  const service = new TwoStatements({ databaseUrl, name: 'test' });
  const own = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'jobstream-test'`;
  const lose = async () => {
    await queryDatabase(databaseUrl, `SELECT pg_terminate_backend(pid) ${own}`);
    await eventually(async () => expect(await queryDatabase(databaseUrl, `SELECT ${own}`)).toEqual([]));
  };
  await expect(service.run(lose)).rejects.toThrow(ReadModelUnavailableError);
  await expect(service.ping()).resolves.toBeUndefined();
  await service.stop();
});
