import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { startPostgres, startTcpProxy } from '@jobstream/test-support';
import type { TcpProxy, TestNats, TestPostgres } from '@jobstream/test-support';
import { appNames, createApps, workerNames } from './createApps.ts';
import type { Apps } from './createApps.ts';
import { startReceiver } from './receiver.ts';
import type { Ledgers, Receiver } from './receiver.ts';
import { mountSmallDisk } from './smallDisk.ts';
import { wrongClocks, type WrongClock } from './wrongClocks.ts';
import type { SmallDisk } from './smallDisk.ts';
import { startNodes } from './startNodes.ts';
import { repositoryRoot } from '@jobstream/servers';

export interface StageOptions {
  readonly folder: string;
  /** 1, or 3 for a cluster in which each stream has three copies. */
  readonly nodes: 1 | 3;
  /** Whether file systems may be mounted. */
  readonly mounts: boolean;
  /** Further settings of all processes. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Servers {
  readonly nodes: readonly TestNats[];
  readonly postgres: TestPostgres;
  /** The proxy between a worker and the log, by the worker's name; only where there is one server. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  /** The disk of the one server. */
  readonly disk: SmallDisk | undefined;
  /** The clock of each process, by its name; empty where clocks cannot be set. */
  readonly clocks: ReadonlyMap<string, WrongClock>;
  readonly receiver: Receiver;
  readonly ledgers: Ledgers;
}

/** The whole system as processes of its own, with a handle on everything that can break. */
export interface Stage extends Servers, Apps, AsyncDisposable {}

/** Room for the log of some ten thousand jobs. */
const DISK_MEGABYTES = 384;

/** Nothing is broken yet, so an app that is not ready by then never will be. */
const START_MS = 120_000;

const run = promisify(execFile);

/** Starts servers and apps, migrates the database, and resolves when everything is ready. */
export async function openStage(options: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  await mkdir(options.folder, { recursive: true });
  const servers = await startServers(options, stack);
  await migrate(servers.postgres.url);
  const apps = await startApps(options, servers, stack);
  const owned = stack.move();
  return { ...servers, ...apps, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function startServers(
  { folder, nodes: count, mounts }: StageOptions,
  stack: AsyncDisposableStack,
): Promise<Servers> {
  const single = count === 1;
  const watchDisk = (line: string) => appendFileSync(path.join(folder, 'nats-1-watch.log'), `${line}\n`);
  const disk =
    single && mounts ? await mountSmallDisk(path.join(folder, 'nats-1', 'jetstream'), DISK_MEGABYTES) : undefined;
  if (disk !== undefined) stack.use(disk);
  const nodes = await startNodes(folder, count, single ? { stagedInMemory: [JOBS_STREAM], watchDisk } : {});
  for (const node of nodes) stack.use(node);
  const postgres = stack.use(await startPostgres());
  const ledgers = { effects: path.join(folder, 'ledger.jsonl'), steps: path.join(folder, 'steps.jsonl') };
  const receiver = stack.use(await startReceiver(ledgers));
  const proxies = new Map<string, TcpProxy>();
  for (const worker of single ? workerNames : []) {
    proxies.set(worker, stack.use(await startTcpProxy(nodes[0]?.port ?? 0)));
  }
  const clocks = await wrongClocks(appNames, stack);
  return { nodes, postgres, proxies, disk, clocks, receiver, ledgers };
}

async function migrate(databaseUrl: string): Promise<void> {
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  await run(process.execPath, ['tools/migrate.ts'], { cwd: repositoryRoot, env });
}

async function startApps(
  { folder, settings = {} }: StageOptions,
  servers: Servers,
  stack: AsyncDisposableStack,
): Promise<Apps> {
  const { nodes, postgres, proxies, clocks } = servers;
  const natsUrls = nodes.map(({ url }) => url);
  const apps = await createApps({ folder, natsUrls, databaseUrl: postgres.url, proxies, clocks, settings });
  for (const app of apps.apps) stack.defer(() => app.stop());
  const started = Promise.all(apps.apps.map((app) => app.start()));
  await within(START_MS, started, `not all processes are ready, their logs in ${folder} say why`);
  return apps;
}

async function within(milliseconds: number, work: Promise<unknown>, complaint: string): Promise<void> {
  const timeout = new AbortController();
  const late = pause(milliseconds, 'late', { signal: timeout.signal }).catch(() => undefined);
  const first = await Promise.race([work, late]);
  timeout.abort();
  if (first === 'late') throw new Error(complaint);
}
