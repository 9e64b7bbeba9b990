import path from 'node:path';

/** How long `npm start` keeps events in the log, where nothing else is said. */
export const DEFAULT_MAX_AGE = '7d';

/** How far back `npm start` can list jobs as they were, where nothing else is said. */
const DEFAULT_REACH = '7d';

/** Returns the setting with which jobs can be listed as they were. */
export function pastDefault(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return { AS_OF_REACH: env['AS_OF_REACH'] || DEFAULT_REACH };
}

/**
 * Returns the settings with which the log of an embedded server stays bounded: what is finished leaves it after some
 * days, for an archive in the data folder. None where the user has said how long the log keeps events or where they are
 * archived, or has a server of their own.
 */
export function expiryDefaults(env: NodeJS.ProcessEnv, dataDir: string): Readonly<Record<string, string>> {
  if (env['NATS_URL'] || env['JOBS_MAX_AGE'] || env['ARCHIVE']) return {};
  return { JOBS_MAX_AGE: DEFAULT_MAX_AGE, ARCHIVE: path.resolve(dataDir, 'archive') };
}
