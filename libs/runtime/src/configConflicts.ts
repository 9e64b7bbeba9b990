import type { Config } from './config.ts';
import { isLoopback } from './isLoopback.ts';

/** What is wrong with settings that are right each by itself: one sentence for each conflict. */
export function configConflicts(config: Config): readonly string[] {
  return [...openToTheNetwork(config), ...halfOfJwt(config)];
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
