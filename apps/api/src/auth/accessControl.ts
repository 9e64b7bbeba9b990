import type { IncomingMessage } from 'node:http';
import type { AuthSettings } from '@jobstream/runtime';
import type { Request, Response } from 'express';
import { Problem } from '../problems/problem.ts';
import { problemType } from '../problems/problemTypes.ts';
import { authenticateKey, type KeyLookup } from './apiKeyCache.ts';
import { anonymous, type Caller, setCaller } from './caller.ts';
import { credentialsRequired, invalidCredentials } from './challenge.ts';
import { rateLimits, type RateLimits } from './rateLimits.ts';
import { endSession, sessionCredential } from './sessionCookie.ts';
import { tokenVerifier } from './tokenVerifier.ts';

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * Authenticates a request within the rate limits.
 *
 * @throws Problem 401 for missing or invalid credentials, 429 beyond a limit, 503 if credentials cannot be verified.
 */
export interface AccessControl {
  admit(req: Request, res: Response): Caller | Promise<Caller>;
}

export type AccessSettings = Pick<AuthSettings, 'open' | 'sessions' | 'jwt' | 'rateLimit' | 'failedRateLimit'>;
type Recognise = (req: Request) => Promise<Caller>;

/**
 * Makes the access control of the API.
 *
 * Credentials are verified even where the API is open, so that they can be tried out and invalid ones are noticed.
 */
export function accessControl(settings: AccessSettings, ring: KeyLookup): AccessControl {
  const { open, sessions, jwt, rateLimit, failedRateLimit } = settings;
  const limits = rateLimits(rateLimit, failedRateLimit);
  const verifyToken = jwt && tokenVerifier(jwt);
  const recognise: Recognise = async (req) => {
    const text = bearerToken(req) ?? (sessions ? sessionCredential(req) : undefined);
    if (text === undefined && open) return anonymous;
    if (text === undefined) throw credentialsRequired();
    if (text.startsWith('jsk_')) return authenticateKey(text, ring);
    if (verifyToken === undefined) throw invalidCredentials('not an API key');
    return verifyToken(text);
  };
  const isAnonymous = (req: Request) => open && limits.areOff && !mayHaveCredentials(req);
  return {
    admit: (req, res) => (isAnonymous(req) ? setCaller(res, anonymous) : admit(req, res, { recognise, limits })),
  };
}

function mayHaveCredentials({ headers }: Request): boolean {
  return headers.authorization !== undefined || headers.cookie !== undefined;
}

async function admit(
  req: Request,
  res: Response,
  { recognise, limits }: { readonly recognise: Recognise; readonly limits: RateLimits },
): Promise<Caller> {
  await limits.assertNotBlocked(req, res);
  let caller: Caller;
  try {
    caller = setCaller(res, await recognise(req));
  } catch (error) {
    if (isUnauthorized(error)) {
      endSession(req, res);
      await limits.countFailure(req, res);
    }
    throw error;
  }
  await limits.countRequest(req, res);
  return caller;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Problem && problemType(error.code).status === 401;
}

/** Returns the key or token in the `Authorization` header; undefined without one, or for another scheme. */
export function bearerToken(req: IncomingMessage): string | undefined {
  return BEARER.exec(req.headers.authorization ?? '')?.[1];
}
