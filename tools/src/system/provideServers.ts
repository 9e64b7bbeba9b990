import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { EmbeddedNats, EmbeddedPostgres, resolveNatsServer, SupervisedProcess } from '@jobstream/servers';
import { checkNats, checkPostgres } from './externalServers.ts';
import { onUsualPort } from './choosePort.ts';
import type { Guard } from '@jobstream/servers';
import type { WriteLine } from './prefixedLog.ts';

/** A server that the system uses: an embedded one, or one that the user named, which `stop` leaves running. */
export interface ProvidedServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Checks the NATS server that `NATS_URL` names, or starts an embedded one and keeps it running. */
export async function provideNats({ env, dataDir, guard, anyPort, writeLine }: SystemOptions): Promise<ProvidedServer> {
  if (env['NATS_URL']) {
    await checkNats(env['NATS_URL']);
    return { url: env['NATS_URL'], stop: () => Promise.resolve() };
  }
  const say = (line: string) => writeLine('start', line);
  const binary = await resolveNatsServer({ env, note: say });
  const options = { binary, dataDir: path.join(dataDir, 'nats'), stagedInMemory: [JOBS_STREAM], guard };
  return onUsualPort({ name: 'NATS', usual: anyPort === true ? 0 : 4222, say }, (port) =>
    keepRunning('nats', new EmbeddedNats({ ...options, port }), say),
  );
}

/** Checks the database that `DATABASE_URL` names, or starts an embedded one and keeps it running. */
export async function providePostgres(options: SystemOptions): Promise<ProvidedServer> {
  const { env, dataDir, guard, anyPort, writeLine } = options;
  if (env['DATABASE_URL']) {
    await checkPostgres(env['DATABASE_URL']);
    return { url: env['DATABASE_URL'], stop: () => Promise.resolve() };
  }
  const say = (line: string) => writeLine('start', line);
  return onUsualPort({ name: 'Postgres', usual: anyPort === true ? 0 : 5432, say }, (port) =>
    keepRunning('postgres', new EmbeddedPostgres({ dataDir, port, guard }), say),
  );
}

async function keepRunning(
  name: string,
  server: EmbeddedNats | EmbeddedPostgres,
  report: (line: string) => void,
): Promise<ProvidedServer> {
  const supervised = new SupervisedProcess(server, { name, report });
  await supervised.start();
  return { url: server.url, stop: () => supervised.stop() };
}

export interface SystemOptions {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Free ports instead of the usual ones. */
  anyPort?: boolean;
  /** Where the apps' programs lie: `<appsFolder>/<name>/src/main.ts`. */
  appsFolder: string;
  guard: Guard;
  writeLine: WriteLine;
}
