import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { installOutbox } from '@jobstream/outbox';
import { createDatabase, repositoryRoot, type SupervisedProcess } from '@jobstream/servers';
import { freePort, queryDatabase, startPostgres, type TestNats, type TestPostgres } from '@jobstream/test-support';
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
  /** The addresses of the relays' metrics. */
  readonly metrics: readonly string[];
  /** What the command line says of the outbox. */
  outboxStatus(): Promise<string>;
}

/** An isolation level that transactions of an application have by default. */
export type Isolation = 'read committed' | 'serializable';

const RELAYS = ['relay-1', 'relay-2', 'relay-3'];
const LEAST_RIGHTS = `
  CREATE TABLE public.orders (number integer NOT NULL, job_id uuid NOT NULL, note_digest text);
  CREATE TABLE public.stock (shelf integer PRIMARY KEY, taken integer NOT NULL);
  INSERT INTO public.stock SELECT shelf, 0 FROM generate_series(0, 9999) AS shelf;
  ANALYZE public.stock;
  CREATE SEQUENCE public.shelves MAXVALUE 79999 CYCLE;
  CREATE ROLE shop LOGIN PASSWORD 'shop';
  CREATE ROLE relay LOGIN PASSWORD 'relay';
  GRANT SELECT, INSERT ON public.orders TO shop;
  GRANT SELECT, UPDATE ON public.stock TO shop;
  GRANT USAGE ON SEQUENCE public.shelves TO shop;
  GRANT EXECUTE ON FUNCTION jobstream.enqueue, jobstream.enqueue_many TO shop;
  GRANT EXECUTE ON FUNCTION jobstream.claim_jobs, jobstream.settle_jobs, jobstream.rotate, jobstream.outbox_report TO relay`;

const run = promisify(execFile);

/** Starts the servers and three relays; resolves when all are ready. */
export async function openOutboxStage(folder: string, isolation: Isolation): Promise<OutboxStage> {
  await using stack = new AsyncDisposableStack();
  const [nats] = await startNodes(folder, 1, { stagedInMemory: [JOBS_STREAM] });
  if (nats === undefined) throw new Error('there is no server');
  stack.use(nats);
  const postgres = stack.use(await startPostgres());
  const owner = await createShop(postgres, isolation, stack);
  const env = { ...process.env, NATS_URL: nats.url, DATABASE_URL: postgres.url, OUTBOX_URLS: urlOf(postgres, 'relay') };
  await run(process.execPath, ['tools/migrate.ts'], { cwd: repositoryRoot, env });
  const ports = await Promise.all(RELAYS.map(() => freePort()));
  const relays = RELAYS.map((name, index) =>
    superviseApp(name, { folder, env: { ...env, HEALTH_PORT: String(ports[index]) } }),
  );
  for (const relay of relays) stack.defer(() => relay.stop());
  await Promise.all(relays.map((relay) => relay.start()));
  const application = poolOf(urlOf(postgres, 'shop'), stack);
  const metrics = ports.map((port) => `http://127.0.0.1:${port}/metrics`);
  const outboxStatus = () => statusOf(urlOf(postgres));
  const parts = { nats, postgres, relays, application, owner, metrics, outboxStatus };
  const owned = stack.move();
  return { ...parts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Creates the application's database, and returns connections of its owner. */
async function createShop(postgres: TestPostgres, isolation: Isolation, stack: AsyncDisposableStack): Promise<Pool> {
  await createDatabase(postgres.url, 'shop');
  const url = urlOf(postgres);
  const level = `ALTER DATABASE shop SET default_transaction_isolation = '${isolation}'`;
  await queryDatabase(url, level);
  await installOutbox(url);
  const owner = poolOf(url, stack);
  await owner.query(LEAST_RIGHTS);
  return owner;
}

async function statusOf(url: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['tools/outbox.ts', 'status', '--url', url], { cwd: repositoryRoot });
  return stdout;
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
