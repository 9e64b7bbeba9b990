import type { Config } from './config.ts';
import { isLoopback } from './setting.ts';
import type { Rate } from './setting.ts';

/** More requests than one client needs, and few enough that a runaway client does not starve the others. */
const DEFAULT_RATE: Rate = { count: 60_000, perMs: 60_000 };
const DEFAULT_FAILED_RATE: Rate = { count: 120, perMs: 60_000 };

/** Returns the access settings of the API, with the defaults that depend on other settings. */
export function authSettings(config: Config) {
  const open = (config.AUTH ?? (isLoopback(config.HOST) ? 'open' : 'required')) === 'open';
  return {
    open,
    /** Whether browsers may log in to the dashboard. */
    sessions: config.DASHBOARD && !open,
    jwt: jwtSettings(config),
    rateLimit: limitOf(config.RATE_LIMIT, open ? undefined : DEFAULT_RATE),
    failedRateLimit: limitOf(config.RATE_LIMIT_FAILED, open ? undefined : DEFAULT_FAILED_RATE),
    corsOrigins: config.CORS_ORIGINS ?? [],
    trustedProxies: config.TRUST_PROXY,
  };
}
export type AuthSettings = ReturnType<typeof authSettings>;
export type JwtSettings = NonNullable<AuthSettings['jwt']>;

function jwtSettings(config: Config) {
  const [jwksUrl, issuer, audience] = [config.JWKS_URL, config.JWT_ISSUER, config.JWT_AUDIENCE];
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) return undefined;
  const [tenantClaim, tenantRequired] = [config.JWT_TENANT_CLAIM, config.JWT_TENANT_REQUIRED];
  return { jwksUrl, issuer, audience, tenantClaim, tenantRequired };
}

function limitOf(given: Rate | 'off' | undefined, fallback: Rate | undefined): Rate | undefined {
  return given === 'off' ? undefined : (given ?? fallback);
}
