import { migrate } from '@jobstream/readmodel';
import { createStreams } from '../system/createStreams.ts';
import { lockDataFolder } from '../system/dataLock.ts';
import { awaitEarlierRun, recordGuard } from '../system/earlierRun.ts';
import { expiryDefaults } from '../system/expiryDefaults.ts';
import { provideNats, providePostgres } from '../system/provideServers.ts';
import { runningAddresses } from '../system/runningAddresses.ts';
import type { SystemOptions } from '../system/provideServers.ts';

export type ServerOptions = Omit<SystemOptions, 'appsFolder'>;

/**
 * Runs a task of the projector with the addresses of NATS and Postgres in its environment: those that the environment names, else those
 * of the system that runs on the data folder, else servers that are started on it for as long as this takes.
 */
export async function withServers<Result>(
  options: ServerOptions,
  use: (env: NodeJS.ProcessEnv) => Promise<Result>,
): Promise<Result> {
  const { env, dataDir } = options;
  if (env['NATS_URL'] && env['DATABASE_URL']) return use(env);
  const running = runningAddresses(dataDir);
  return running === undefined ? withOwnServers(options, use) : use({ ...running, ...definedIn(env) });
}

async function withOwnServers<Result>(
  options: ServerOptions,
  use: (env: NodeJS.ProcessEnv) => Promise<Result>,
): Promise<Result> {
  const { dataDir, guard, writeLine } = options;
  const env = { ...options.env, ...expiryDefaults(options.env, dataDir) };
  const undo: (() => Promise<void> | void)[] = [lockDataFolder(dataDir)];
  try {
    await awaitEarlierRun(dataDir, (line) => writeLine('start', line));
    recordGuard(dataDir, guard);
    const provided = { ...options, appsFolder: '', anyPort: true };
    const nats = await provideNats(provided);
    undo.push(() => nats.stop());
    const postgres = await providePostgres(provided);
    undo.push(() => postgres.stop());
    await migrate(postgres.url);
    if (nats.hasUsers) await createStreams({ ...env, ...nats.envOf('migrate') });
    return await use({ ...env, ...nats.envOf('projector'), DATABASE_URL: postgres.url });
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

/** An empty variable is as good as none. */
function definedIn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}
