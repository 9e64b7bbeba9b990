import { existsSync } from 'node:fs';
import path from 'node:path';
import { migrate } from '@jobstream/readmodel';
import { createStreams } from '../system/createStreams.ts';
import { lockDataFolder } from '../system/dataLock.ts';
import { awaitEarlierRun, recordGuard } from '../system/earlierRun.ts';
import { expiryDefaults } from '../system/expiryDefaults.ts';
import { provideNats, providePostgres } from '../system/provideServers.ts';
import { recordedSettings } from '../system/recordedSettings.ts';
import { runningAddresses } from '../system/runningAddresses.ts';
import type { SystemOptions } from '../system/provideServers.ts';

/** No system was ever started on the data folder. */
export class NoSystemError extends Error {
  readonly code = 'NO_SYSTEM';
}

/**
 * Runs a task of the projector with the addresses of NATS and Postgres in its environment: those that the environment names, else those
 * of the system that runs on the data folder, else servers that are started on it for as long as this takes, with the settings of its
 * last start.
 *
 * @throws NoSystemError when that would be servers without any data.
 */
export async function withServers<Result>(
  options: SystemOptions,
  use: (env: NodeJS.ProcessEnv) => Promise<Result>,
): Promise<Result> {
  const { env, dataDir } = options;
  if (env['NATS_URL'] && env['DATABASE_URL']) return use(env);
  const running = runningAddresses(dataDir, 'projector');
  if (running !== undefined) return use({ ...running, ...definedIn(env) });
  return withOwnServers({ ...options, env: { ...recordedSettings(dataDir), ...definedIn(env) } }, use);
}

async function withOwnServers<Result>(
  options: SystemOptions,
  use: (env: NodeJS.ProcessEnv) => Promise<Result>,
): Promise<Result> {
  const { dataDir, guard, writeLine } = options;
  if (!options.env['NATS_URL'] && !existsSync(path.join(dataDir, 'nats'))) throw noSystemIn(dataDir);
  const env = { ...options.env, ...expiryDefaults(options.env, dataDir) };
  const undo: (() => Promise<void> | void)[] = [lockDataFolder(dataDir)];
  try {
    await awaitEarlierRun(dataDir, (line) => writeLine('start', line));
    recordGuard(dataDir, guard);
    const provided = { ...options, anyPort: true };
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

function noSystemIn(dataDir: string): NoSystemError {
  const remedy = 'name its data folder with --data-dir, or its servers with NATS_URL and DATABASE_URL';
  return new NoSystemError(`No system was ever started on ${dataDir}: ${remedy}.`);
}

/** An empty variable is as good as none. */
function definedIn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}
