import { fileURLToPath } from 'node:url';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createDatabase, freePort, startNats } from '@jobstream/test-support';
import { projectAll } from '../projectAll.ts';
import { spawnApi } from '../spawnApi.ts';

/** An open API as a separate process on its own servers. */
export interface FuzzedApi extends AsyncDisposable {
  readonly url: string;
  /** Once garbage is gone. */
  memory(): Promise<NodeJS.MemoryUsage>;
  /** Brings the table up to date. */
  project(): Promise<void>;
}

const preload = ['--expose-gc', '--import', fileURLToPath(new URL('reportMemory.ts', import.meta.url))];

export async function fuzzedApi(): Promise<FuzzedApi> {
  const [nats, databaseUrl] = await Promise.all([startNats(), createDatabase()]);
  await migrate(databaseUrl);
  // A request for a position that the table has not reached waits for two fifths of it, and must not hang for twenty seconds.
  const settings = { NATS_URL: nats.url, DATABASE_URL: databaseUrl, REQUEST_TIMEOUT_MS: '40000' };
  const api = await spawnApi(await freePort(), settings, preload);
  const log = new EventLog({ url: nats.url, name: 'fuzz' });
  await log.start();
  return {
    url: api.url,
    memory: async () => (await api.ask('memory')) as NodeJS.MemoryUsage,
    project: () => projectAll(log, databaseUrl),
    [Symbol.asyncDispose]: async () => {
      await log.stop();
      await api.kill('SIGKILL');
      await nats.stop();
    },
  };
}
