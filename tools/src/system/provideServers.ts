import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { readConfig } from '@jobstream/runtime';
import {
  DiskWatch,
  EmbeddedNats,
  EmbeddedPostgres,
  natsUrlAs,
  nextFreePort,
  provideNatsUsers,
  resolveNatsServer,
  SupervisedProcess,
} from '@jobstream/servers';
import { checkNats, checkPostgres } from './externalServers.ts';
import { onUsualPort } from './choosePort.ts';
import { keepPort, keptPort } from './keptPort.ts';
import type { Guard, NatsUser } from '@jobstream/servers';
import type { WriteLine } from '../output/prefixedLog.ts';

const NATS_PORT = 4222;
const POSTGRES_PORT = 5432;

/** A server that the system uses: an embedded one, or one that the user named, which `stop` leaves running. */
export interface ProvidedServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A NATS server with a user for each process, where it is an embedded one that is not open. */
export interface ProvidedNats extends ProvidedServer {
  readonly hasUsers: boolean;
  /** What all processes should know of the server, beside its address. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the address with the user and password of a process in it, if the server has users. */
  readonly urlOf: (user: NatsUser) => string;
  /** Returns what a process gets in its environment to connect as this user. */
  readonly envOf: (user: NatsUser) => Readonly<Record<string, string>>;
}

/** Checks the NATS server that `NATS_URL` names, or starts an embedded one and keeps it running. */
export async function provideNats(options: SystemOptions): Promise<ProvidedNats> {
  const { env } = options;
  const url = env['NATS_URL'];
  if (!url) return startNats(options);
  await checkNats(url);
  const urlOf = () => (env['NATS_USER'] ? natsUrlAs(url, env['NATS_USER'], env['NATS_PASSWORD'] ?? '') : url);
  return { url, hasUsers: false, env: {}, urlOf, envOf: () => ({ NATS_URL: url }), stop: () => Promise.resolve() };
}

async function startNats({ env, dataDir, guard, anyPort, writeLine }: SystemOptions): Promise<ProvidedNats> {
  const say = (line: string) => writeLine('start', line);
  const folder = path.join(dataDir, 'nats');
  const binary = await resolveNatsServer({ env, note: say });
  const { NATS_MAX_FILE_STORE: maxFileStore, NATS_OPEN: isOpen, DEV_NATS_PORT: namedPort } = readConfig(env);
  const users = isOpen ? undefined : await provideNatsUsers(folder);
  const options = {
    binary,
    dataDir: folder,
    stagedInMemory: [JOBS_STREAM],
    guard,
    maxFileStore,
    monitored: true,
    ...users,
  };
  const usual = anyPort === true ? 0 : (namedPort ?? (keptPort(folder) || NATS_PORT));
  return onUsualPort({ name: 'NATS', usual, instead: nextFreePort, say }, async (port) => {
    const nats = new EmbeddedNats({ ...options, port });
    const provided = { ...(await keepNatsRunning(nats, say)), ...accessTo(nats, users?.passwords) };
    if (usual !== 0) keepPort(folder, nats.port);
    return provided;
  });
}

function accessTo(
  nats: EmbeddedNats,
  passwords: Readonly<Record<NatsUser, string>> | undefined,
): Omit<ProvidedNats, keyof ProvidedServer> {
  const { url, monitorUrl = '', storeDir } = nats;
  const urlOf = (user: NatsUser) => (passwords === undefined ? url : natsUrlAs(url, user, passwords[user]));
  return {
    hasUsers: passwords !== undefined,
    env: { NATS_MONITOR_URL: monitorUrl, NATS_STORE_DIR: storeDir },
    urlOf,
    envOf: (user) => ({ NATS_URL: urlOf(user), NATS_USER: '', NATS_PASSWORD: '', NATS_CREDS: '' }),
  };
}

/** Checks the database that `DATABASE_URL` names, or starts an embedded one and keeps it running. */
export async function providePostgres(options: SystemOptions): Promise<ProvidedServer> {
  const { env, dataDir, guard, anyPort, writeLine } = options;
  if (env['DATABASE_URL']) {
    await checkPostgres(env['DATABASE_URL']);
    return { url: env['DATABASE_URL'], stop: () => Promise.resolve() };
  }
  const say = (line: string) => writeLine('start', line);
  const folder = path.join(dataDir, 'postgres');
  const usual = anyPort === true ? 0 : keptPort(folder) || POSTGRES_PORT;
  return onUsualPort({ name: 'Postgres', usual, instead: nextFreePort, say }, async (port) => {
    const postgres = new EmbeddedPostgres({ dataDir, port, guard });
    const supervised = new SupervisedProcess(postgres, { name: 'postgres', report: say });
    await supervised.start();
    if (usual !== 0) keepPort(folder, postgres.port); // the folder is there now, and may be a link
    return { url: postgres.url, stop: () => supervised.stop() };
  });
}

/** Also when its disk was full, after which nats-server lives and takes no more. */
async function keepNatsRunning(nats: EmbeddedNats, report: (line: string) => void): Promise<ProvidedServer> {
  const supervised = new SupervisedProcess(nats, { name: 'nats', report });
  await supervised.start();
  const watch = new DiskWatch({ server: nats, restart: () => supervised.restart(), report });
  watch.start();
  const stop = () => {
    watch.stop();
    return supervised.stop();
  };
  return { url: nats.url, stop };
}

export interface SystemOptions {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Free ports instead of the usual ones. */
  anyPort?: boolean;
  guard: Guard;
  writeLine: WriteLine;
  /** Called with what the start is about to do, which may take a while. */
  onStep?: (activity: string) => void;
}
