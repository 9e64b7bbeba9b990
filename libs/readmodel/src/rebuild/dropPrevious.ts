import { translated } from '../translateError.ts';
import { connectControl } from './controlConnection.ts';
import { PREVIOUS_SCHEMA } from './projectionTables.ts';
import { RebuildRefusedError } from './rebuildErrors.ts';
import { PROJECTION_LOCKS } from './projectionLocks.ts';

/** Drops the tables that were live before; false when there are none. RebuildRefusedError while a process is at them. */
export async function dropPrevious(databaseUrl: string): Promise<boolean> {
  const control = await connectControl(databaseUrl);
  try {
    if (!(await control.tryLock(PROJECTION_LOCKS.rebuild)))
      throw new RebuildRefusedError('a rebuild is running: wait for its end');
    const { client } = control;
    const { rowCount } = await translated(
      client.query('SELECT FROM pg_namespace WHERE nspname = $1', [PREVIOUS_SCHEMA]),
    );
    if (rowCount === 0) return false;
    await translated(client.query(`DROP SCHEMA ${PREVIOUS_SCHEMA} CASCADE`));
    return true;
  } finally {
    await control.close();
  }
}
