import { isTenant } from '@jobstream/domain';
import { isScope, type Scope } from '@jobstream/readmodel';
import type { JwtSettings } from '@jobstream/runtime';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { Problem } from '../problems/problem.ts';
import type { Caller } from './caller.ts';
import { invalidCredentials } from './challenge.ts';

/** Asymmetric signatures only: a process that verifies a shared-secret signature could also create one. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_S = 5;
const MAX_SUBJECT_LENGTH = 255;
/** A longer timer would fire immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Public keys are reloaded after ten minutes, or for an unknown one, then at most twice a minute. */
const keySetOptions = { timeoutDuration: 2_000, cacheMaxAge: 600_000, cooldownDuration: 30_000 };

/** What is wrong with a token, by error code; any other error means that the keys are unavailable. */
const faults: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'the token has expired',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'a claim of the token is missing or wrong',
  ERR_JWT_INVALID: 'the token is not valid',
  ERR_JWS_INVALID: 'the token is not valid',
  ERR_JOSE_NOT_SUPPORTED: 'the token is not valid',
  ERR_JOSE_ALG_NOT_ALLOWED: `the token must be signed with ${ALGORITHMS.join(', ')}`,
  ERR_JWKS_NO_MATCHING_KEY: 'the token is signed with an unknown key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'the token does not say with which key it is signed',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature of the token is wrong',
};

/**
 * Makes a function that authenticates a JSON Web Token.
 *
 * The function throws a Problem: `credentials-refused` for an invalid token, `credentials-unverifiable` without the
 * keys.
 */
export function tokenVerifier(settings: JwtSettings): (token: string) => Promise<Caller> {
  const { issuer, audience } = settings;
  const keySet = createRemoteJWKSet(new URL(settings.jwksUrl), keySetOptions);
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['sub', 'exp'],
  };
  return async (token) => callerOfClaims(await claimsOf(() => jwtVerify(token, keySet, options)), settings);
}

async function claimsOf(verify: () => Promise<{ readonly payload: JWTPayload }>): Promise<JWTPayload> {
  try {
    return (await verify()).payload;
  } catch (error) {
    const fault = error instanceof errors.JOSEError ? faults[error.code] : undefined;
    if (fault !== undefined) throw invalidCredentials(fault, error);
    const detail = 'the keys of the token issuer are unavailable';
    throw new Problem('credentials-unverifiable', { detail, cause: error });
  }
}

function callerOfClaims(claims: JWTPayload, settings: JwtSettings): Caller {
  const { sub, exp = 0 } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH) {
    throw invalidCredentials('the subject of the token is not valid');
  }
  const tenant = tenantOf(claims, settings);
  return { actor: { kind: 'user', id: sub }, scopes: scopesOf(claims), tenant, onInvalidated: whenExpired(exp) };
}

function whenExpired(exp: number): (end: () => void) => () => void {
  return (end) => {
    const timer = setTimeout(end, Math.min(exp * 1_000 - Date.now(), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  };
}

/** Ignores scopes of other systems. */
function scopesOf({ scope, scopes }: JWTPayload): ReadonlySet<Scope> {
  return new Set([...words(scope), ...words(scopes)].filter(isScope));
}

/** RFC 8693 defines one text with spaces; many issuers send a list. */
function words(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}

/** An unreadable tenant must not become no tenant, which sees everything. */
function tenantOf(claims: JWTPayload, { tenantClaim, tenantRequired }: JwtSettings): string | undefined {
  const tenant = claims[tenantClaim];
  if (tenant === undefined && !tenantRequired) return undefined;
  if (!isTenant(tenant)) throw invalidCredentials('the tenant of the token is missing or not valid');
  return tenant;
}
