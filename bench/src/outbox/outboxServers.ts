import { EventLog } from '@jobstream/eventlog';
import { installOutbox } from '@jobstream/outbox';
import { migrate } from '@jobstream/readmodel';
import { AppProcess, createDatabase, repositoryRoot } from '@jobstream/servers';
import { guardOfThisProcess } from '@jobstream/test-support';
import { Client } from 'pg';
import type { RunningServers } from '../servers/runningServers.ts';
import { startNats } from '../servers/startNats.ts';
import { startPostgres } from '../servers/startPostgres.ts';

/** Servers that sync what they acknowledge, with an outbox. */
export interface OutboxServers {
  readonly natsUrl: string;
  /** The servers' processes by name. */
  readonly processes: RunningServers['processes'];
  readonly log: EventLog;
  /** The application's database, and a connection to it. */
  readonly url: string;
  readonly database: Client;
  /** Starts a relay process; resolves when it is ready. */
  readonly startRelay: () => Promise<AppProcess>;
}

const WAITING = 'SELECT waiting::int, bytes::float8 FROM jobstream.outbox_status()';

/** Starts servers for the work, and stops them after it. */
export async function withOutbox<Result>(
  folder: string,
  work: (servers: OutboxServers) => Promise<Result>,
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const [nats, postgres] = await Promise.all([startNats(folder, 'fsync'), startPostgres(folder)]);
  for (const server of [nats, postgres]) stack.defer(() => server.stop());
  const url = await databaseOf(postgres.address);
  await migrate(postgres.address);
  await installOutbox(url);
  const log = new EventLog({ url: nats.address, name: 'bench' });
  await log.start();
  stack.defer(() => log.stop());
  const database = new Client({ connectionString: url });
  await database.connect();
  stack.defer(() => database.end());
  const startRelay = async () => {
    const settings = { NATS_URL: nats.address, DATABASE_URL: postgres.address, OUTBOX_URLS: url };
    const relay = relayProcess(settings);
    stack.defer(() => relay.stop());
    await relay.start();
    return relay;
  };
  const processes = { ...nats.processes, ...postgres.processes };
  return await work({ natsUrl: nats.address, processes, log, url, database, startRelay });
}

/** What an outbox holds. */
export async function statusOf(database: Client): Promise<{ readonly waiting: number; readonly bytes: number }> {
  const { rows } = await database.query<{ waiting: number; bytes: number }>(WAITING);
  return rows[0] ?? { waiting: 0, bytes: 0 };
}

async function databaseOf(address: string): Promise<string> {
  await createDatabase(address, 'shop');
  const url = new URL(address);
  url.pathname = '/shop';
  return url.href;
}

function relayProcess(settings: Record<string, string>): AppProcess {
  return new AppProcess({
    name: 'relay',
    script: 'apps/relay/src/main.ts',
    cwd: repositoryRoot,
    env: { ...process.env, HEALTH_PORT: '0', LOG_LEVEL: 'warn', ...settings },
    onLine: (line) => console.error(line),
    graceMs: 10_000,
    guard: guardOfThisProcess(),
  });
}
