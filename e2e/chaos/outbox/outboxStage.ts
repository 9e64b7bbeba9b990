import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { installOutbox } from '@jobstream/outbox';
import { createDatabase, repositoryRoot, type SupervisedProcess } from '@jobstream/servers';
import { startPostgres, type TestNats, type TestPostgres } from '@jobstream/test-support';
import { Pool } from 'pg';
import { superviseApp } from '../stage/createApps.ts';
import { startNodes } from '../stage/startNodes.ts';

/** An application's database with an outbox, relays, and the servers on which they depend. */
export interface OutboxStage extends AsyncDisposable {
  readonly nats: TestNats;
  /** Has the application's database and that of the read model. */
  readonly postgres: TestPostgres;
  readonly relays: readonly SupervisedProcess[];
  /** Connections of the application, as a role that may enqueue and no more. */
  readonly application: Pool;
  /** Connections of the owner, for the judge. */
  readonly owner: Pool;
}

const RELAYS = ['relay-1', 'relay-2', 'relay-3'];
const LEAST_RIGHTS = `
  CREATE TABLE public.orders (number integer NOT NULL, job_id uuid NOT NULL);
  CREATE ROLE shop LOGIN PASSWORD 'shop';
  CREATE ROLE relay LOGIN PASSWORD 'relay';
  GRANT SELECT, INSERT ON public.orders TO shop;
  GRANT EXECUTE ON FUNCTION jobstream.enqueue, jobstream.enqueue_many TO shop;
  GRANT EXECUTE ON FUNCTION jobstream.claim_jobs, jobstream.settle_jobs, jobstream.rotate, jobstream.outbox_report TO relay`;

const run = promisify(execFile);

/** Starts the servers and three relays; resolves when all are ready. */
export async function openOutboxStage(folder: string): Promise<OutboxStage> {
  await using stack = new AsyncDisposableStack();
  const [nats] = await startNodes(folder, 1, { stagedInMemory: [JOBS_STREAM] });
  if (nats === undefined) throw new Error('there is no server');
  stack.use(nats);
  const postgres = stack.use(await startPostgres());
  await createDatabase(postgres.url, 'shop');
  const ownerUrl = urlOf(postgres);
  await installOutbox(ownerUrl);
  const owner = poolOf(ownerUrl, stack);
  await owner.query(LEAST_RIGHTS);
  const env = { ...process.env, NATS_URL: nats.url, DATABASE_URL: postgres.url, OUTBOX_URLS: urlOf(postgres, 'relay') };
  await run(process.execPath, ['tools/migrate.ts'], { cwd: repositoryRoot, env });
  const relays = RELAYS.map((name) => superviseApp(name, { folder, env }));
  for (const relay of relays) stack.defer(() => relay.stop());
  await Promise.all(relays.map((relay) => relay.start()));
  const application = poolOf(urlOf(postgres, 'shop'), stack);
  const owned = stack.move();
  return { nats, postgres, relays, application, owner, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The application's database; as the role of that name, or as the owner. */
function urlOf(postgres: TestPostgres, role?: string): string {
  const url = new URL(postgres.url);
  url.pathname = '/shop';
  if (role !== undefined) [url.username, url.password] = [role, role];
  return url.href;
}

/** Connections may be lost at any time, which the query that runs on them notices. */
function poolOf(connectionString: string, stack: AsyncDisposableStack): Pool {
  const pool = new Pool({ connectionString, max: 16, connectionTimeoutMillis: 2_000 });
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  stack.defer(() => pool.end());
  return pool;
}
