import type { IncomingMessage } from 'node:http';
import type { AuthSettings } from '@jobstream/runtime';
import type { Request, Response } from 'express';
import { Problem } from '../problems/problem.ts';
import { problemType } from '../problems/problemTypes.ts';
import { authenticateKey, type KeyLookup } from './apiKeyCache.ts';
import { anonymous, type Caller, setCaller } from './caller.ts';
import { credentialsRequired, invalidCredentials } from './challenge.ts';
import { rateLimits, type RateLimits } from './rateLimits.ts';
import { tokenVerifier } from './tokenVerifier.ts';

const BEARER = /^Bearer +(\S+) *$/i;

/** Finds out who sends a request, within the limits; throws a Problem if that is nobody we know. */
export interface AccessControl {
  admit(req: Request, res: Response): Promise<Caller>;
}

export type AccessSettings = Pick<AuthSettings, 'open' | 'jwt' | 'rateLimit' | 'failedRateLimit'>;
type Recognise = (req: Request) => Promise<Caller>;

/** Credentials that are sent count where the API is open, too: so that they can be tried out, and wrong ones are seen. */
export function accessControl(settings: AccessSettings, ring: KeyLookup): AccessControl {
  const { open, jwt, rateLimit, failedRateLimit } = settings;
  const limits = rateLimits(rateLimit, failedRateLimit);
  const verifyToken = jwt && tokenVerifier(jwt);
  const recognise: Recognise = async (req) => {
    const text = bearerToken(req);
    if (text === undefined && open) return anonymous;
    if (text === undefined) throw credentialsRequired();
    if (text.startsWith('jsk_')) return authenticateKey(text, ring);
    if (verifyToken === undefined) throw invalidCredentials('not an API key');
    return verifyToken(text);
  };
  return { admit: (req, res) => admit(req, res, { recognise, limits }) };
}

async function admit(
  req: Request,
  res: Response,
  { recognise, limits }: { readonly recognise: Recognise; readonly limits: RateLimits },
): Promise<Caller> {
  await limits.assertNotBlocked(req, res);
  try {
    setCaller(res, await recognise(req));
  } catch (error) {
    if (isUnauthorized(error)) await limits.countFailure(req, res);
    throw error;
  }
  await limits.countRequest(req, res);
  return res.locals['caller'] as Caller;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Problem && problemType(error.code).status === 401;
}

/** The key or token in the `Authorization` header; undefined if there is none, or credentials of another kind. */
function bearerToken(req: IncomingMessage): string | undefined {
  return BEARER.exec(req.headers.authorization ?? '')?.[1];
}
