import type { Rate } from '@jobstream/runtime';
import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit, type RateLimitRequestHandler } from 'express-rate-limit';
import { Problem } from '../problems/problem.ts';
import { anonymous, callerOf } from './caller.ts';

/** Rate limits of this process. Each method rejects with a Problem when a limit is reached. */
export interface RateLimits {
  /** Neither requests nor failures are counted. */
  readonly areOff: boolean;
  /** Counts a request by its caller, or by its address where the API is open. */
  countRequest(req: Request, res: Response): Promise<void>;
  /** Counts a request with missing or invalid credentials by its address. */
  countFailure(req: Request, res: Response): Promise<void>;
  /** Rejects requests of an address that failed too often. */
  assertNotBlocked(req: Request, res: Response): Promise<void>;
}

/** Makes the limits for requests by caller and for failures by address; undefined means unlimited. */
export function rateLimits(requests: Rate | undefined, failures: Rate | undefined): RateLimits {
  const requestLimiter = requests && limiter(requests, (_req, res) => callerName(res));
  const failureLimiter = failures && limiter(failures, addressKey);
  return {
    areOff: requests === undefined && failures === undefined,
    countRequest: (req, res) => count(requestLimiter, req, res),
    countFailure: (req, res) => count(failureLimiter, req, res),
    assertNotBlocked: async (req, res) => {
      const spent = await failureLimiter?.getKey(addressKey(req));
      if (failures === undefined || spent === undefined || spent.totalHits < failures.count) return;
      const leftMs = (spent.resetTime?.getTime() ?? 0) - Date.now();
      res.setHeader('Retry-After', Math.max(1, Math.ceil(leftMs / 1_000)));
      throw tooMany('too many requests with missing or invalid credentials');
    },
  };
}

function limiter({ count: limit, perMs }: Rate, keyGenerator: (req: Request, res: Response) => string) {
  return rateLimit({
    limit,
    windowMs: perMs,
    keyGenerator,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, _res, next) => next(tooMany(`at most ${limit} requests in ${perMs / 1_000} s`)),
    // Its validation inspects the first requests and prints to the console; our settings have tests.
    validate: false,
  });
}

function count(limit: RateLimitRequestHandler | undefined, req: Request, res: Response): Promise<void> {
  if (limit === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const next = (error?: unknown) => (error === undefined ? resolve() : reject(error));
    Promise.resolve(limit(req, res, next)).catch(reject);
  });
}

/** Names the caller of a request for counting: by its key or subject, or by its address where it has none. */
export function callerName(res: Response): string {
  const caller = callerOf(res);
  return caller === anonymous ? addressKey(res.req) : `${caller.actor.kind} ${caller.actor.id}`;
}

function addressKey(req: Request): string {
  return ipKeyGenerator(req.ip ?? '');
}

function tooMany(detail: string): Problem {
  return new Problem('rate-limited', { detail });
}
