import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { EmbeddedNats, EmbeddedPostgres, resolveNatsServer } from '@jobstream/servers';
import { checkNats, checkPostgres } from './externalServers.ts';
import { foreignServer, keepServer } from './keptServer.ts';
import type { KeptServer } from './keptServer.ts';
import { onUsualPort } from './onUsualPort.ts';
import type { SystemOptions } from './systemOptions.ts';

/** The NATS server that `NATS_URL` names, or one of our own. */
export async function provideNats({ env, dataDir, guard, anyPort, writeLine }: SystemOptions): Promise<KeptServer> {
  if (env['NATS_URL']) {
    await checkNats(env['NATS_URL']);
    return foreignServer(env['NATS_URL']);
  }
  const say = (line: string) => writeLine('start', line);
  const binary = await resolveNatsServer({ env, note: say });
  const options = { binary, dataDir: path.join(dataDir, 'nats'), stagedInMemory: [JOBS_STREAM], guard };
  return onUsualPort({ name: 'NATS', usual: anyPort === true ? 0 : 4222, say }, (port) =>
    keepServer('nats', new EmbeddedNats({ ...options, port }), say),
  );
}

/** The database that `DATABASE_URL` names, or one of our own. */
export async function providePostgres({ env, dataDir, guard, anyPort, writeLine }: SystemOptions): Promise<KeptServer> {
  if (env['DATABASE_URL']) {
    await checkPostgres(env['DATABASE_URL']);
    return foreignServer(env['DATABASE_URL']);
  }
  const say = (line: string) => writeLine('start', line);
  return onUsualPort({ name: 'Postgres', usual: anyPort === true ? 0 : 5432, say }, (port) =>
    keepServer('postgres', new EmbeddedPostgres({ dataDir, port, guard }), say),
  );
}
