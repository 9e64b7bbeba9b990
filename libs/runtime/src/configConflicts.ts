import type { Config } from './config.ts';
import { isLoopback } from './isLoopback.ts';

/** What is wrong with settings that are right each by itself: one sentence for each conflict. */
export function configConflicts(config: Config): readonly string[] {
  return [...openToTheNetwork(config), ...halfOfJwt(config), ...noTimeToArchive(config)];
}

function openToTheNetwork({ AUTH, HOST }: Config): string[] {
  if (AUTH !== 'open' || isLoopback(HOST)) return [];
  return [`expected AUTH to be required while HOST is not a loopback address (${HOST}), got: open`];
}

/** Without these two, a token made for anybody else would be good here. */
function halfOfJwt({ JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }: Config): string[] {
  if (JWKS_URL === undefined) return [];
  return Object.entries({ JWT_ISSUER, JWT_AUDIENCE })
    .filter(([, value]) => value === undefined)
    .map(([name]) => `expected ${name} to be given together with JWKS_URL, got: nothing`);
}

const LEAST_AGE_MS = 3_600_000;

/** The server forgets by itself, so an archiver must have the time to come back from an outage. */
function noTimeToArchive({ ARCHIVE, JOBS_MAX_AGE }: Config): string[] {
  if (ARCHIVE === undefined || JOBS_MAX_AGE === 0 || JOBS_MAX_AGE >= LEAST_AGE_MS) return [];
  return [`expected JOBS_MAX_AGE to be at least 1h together with ARCHIVE, got: ${JOBS_MAX_AGE}ms`];
}
