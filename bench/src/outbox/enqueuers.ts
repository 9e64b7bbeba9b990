import { installOutbox, FIRST_PLACE, Outbox } from '@jobstream/outbox';
import { Client } from 'pg';
import { installOban } from './installOban.ts';
import { installRiver } from './installRiver.ts';

/** A library that keeps jobs in the application's database. */
export interface Enqueuer {
  readonly name: string;
  /** What a transaction runs to enqueue one job. */
  readonly statement: string;
  /** False where it cannot be installed here. */
  install(url: string): Promise<boolean>;
  /** Does with all jobs what its worker or relay does, until their rows are gone. */
  work(url: string): Promise<void>;
}

const PAYLOAD = `'{"to": "user@example.com", "subject": "hello"}'`;
/** Jobs that are taken together. */
const BATCH = 100;

// The peers are loaded where they are used, since they are installed only then.
export const enqueuers: readonly Enqueuer[] = [
  {
    name: 'an empty transaction',
    statement: 'SELECT txid_current()',
    install: () => Promise.resolve(true),
    work: () => Promise.resolve(),
  },
  {
    name: 'Jobstream',
    statement: `SELECT jobstream.enqueue('email', ${PAYLOAD})`,
    install: (url) => installOutbox(url).then(() => true),
    work: drainOutbox,
  },
  {
    name: 'Graphile Worker 0.18',
    statement: `SELECT graphile_worker.add_job('email', ${PAYLOAD})`,
    async install(connectionString) {
      const { makeWorkerUtils, Logger } = await import('graphile-worker');
      const utils = await makeWorkerUtils({ connectionString, logger: new Logger(() => () => {}) });
      await utils.migrate();
      await utils.release();
      return true;
    },
    async work(connectionString) {
      const { Logger, runOnce } = await import('graphile-worker');
      const logger = new Logger(() => () => {});
      await runOnce({ connectionString, logger, noHandleSignals: true, taskList: { email: () => Promise.resolve() } });
    },
  },
  {
    name: 'pg-boss 12.38',
    statement: `INSERT INTO pgboss.job (name, data) VALUES ('email', ${PAYLOAD})`,
    async install(connectionString) {
      const { PgBoss } = await import('pg-boss');
      const boss = new PgBoss({ connectionString });
      await boss.start();
      await boss.createQueue('email');
      await boss.stop();
      return true;
    },
    async work(connectionString) {
      const { PgBoss } = await import('pg-boss');
      const boss = new PgBoss({ connectionString, supervise: false, schedule: false });
      await boss.start();
      for (;;) {
        const ids = (await boss.fetch('email', { batchSize: BATCH })).map(({ id }) => id);
        if (ids.length === 0) break;
        await boss.complete('email', ids);
        await boss.deleteJob('email', ids);
      }
      await boss.stop();
    },
  },
  {
    name: 'River 0.51',
    statement: `INSERT INTO river_job (args, kind, max_attempts) VALUES (${PAYLOAD}, 'email', 25)`,
    install: installRiver,
    work: (url) =>
      runStatements(url, [
        `UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = now(),
           attempted_by = array_append(attempted_by, 'worker')
         WHERE id IN (SELECT id FROM river_job WHERE state = 'available' ORDER BY priority, scheduled_at, id
           LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
        `UPDATE river_job SET state = 'completed', finalized_at = now() WHERE state = 'running'`,
        `DELETE FROM river_job WHERE state = 'completed'`,
      ]),
  },
  {
    name: 'Oban 0.7 (Python)',
    statement: `INSERT INTO oban_jobs (args, worker, queue) VALUES (${PAYLOAD}, 'Email', 'default')`,
    install: installOban,
    work: (url) =>
      runStatements(url, [
        `UPDATE oban_jobs SET state = 'executing', attempt = attempt + 1, attempted_at = timezone('UTC', now()),
           attempted_by = ARRAY['worker']
         WHERE id IN (SELECT id FROM oban_jobs WHERE state = 'available' ORDER BY priority, scheduled_at, id
           LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
        `UPDATE oban_jobs SET state = 'completed', completed_at = timezone('UTC', now()) WHERE state = 'executing'`,
        `DELETE FROM oban_jobs WHERE state = 'completed'`,
      ]),
  },
];

/** As a relay that drops what it claims. */
async function drainOutbox(url: string): Promise<void> {
  const outbox = new Outbox({ url });
  for (const { number: table } of await outbox.rotate(Number.MAX_SAFE_INTEGER)) {
    for (let [after, rows] = [FIRST_PLACE, 1]; rows > 0;) {
      const claim = { table, after, most: BATCH, mostBytes: 1_000_000 };
      const claimed = await outbox.claim(claim, (relayed) => Promise.resolve({ relayed, failed: [] }));
      [after, rows] = [claimed.next, claimed.rows];
    }
  }
  await outbox.rotate(0);
  await outbox.close();
}

/** What a worker in another language makes of the rows of a batch: taken, completed and at last deleted. */
async function runStatements(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (let left = true; left;) {
    for (const statement of statements) left = ((await client.query(statement)).rowCount ?? 0) > 0;
  }
  await client.end();
}
