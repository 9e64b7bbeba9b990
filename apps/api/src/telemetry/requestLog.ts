import { randomUUID } from 'node:crypto';
import type { Logger } from '@jobstream/runtime';
import type { Request, Response } from 'express';
import { isProbe, pathOf } from './routeOf.ts';

interface Noted {
  readonly requestId: string;
  readonly jobId?: string;
  readonly caller?: { readonly actor: { readonly id: string } };
  readonly failure?: Error;
}

const SANE_REQUEST_ID = /^[\w.:@/+=-]{1,128}$/;

/** Gives a request its id (a valid `X-Request-Id` of the client, or a new one), which its response has, too. */
export function giveRequestId(req: Request, res: Response): void {
  const id = saneRequestId(req) ?? randomUUID();
  res.locals['requestId'] = id;
  res.setHeader('X-Request-Id', id);
}

/**
 * Makes the function that logs the line of a request which took `ms` milliseconds: no headers, no query, no body.
 *
 * Replaces pino-http, whose two child loggers per request cost as much as the rest of a response (13 µs).
 */
export function requestLog(logger: Logger): (req: Request, res: Response, ms: number) => void {
  return (req, res, ms) => {
    const level = levelOf(req, res);
    if (logger.isLevelEnabled(level)) logger[level](line(req, res, ms), 'request');
  };
}

/** Returns the id of a request in logs, responses and events. */
export function requestIdOf(res: Response): string {
  return String(res.locals['requestId']);
}

/** Records the cause of a 5xx response for the request log. */
export function recordFailure(res: Response, error: Error): void {
  res.locals['failure'] = error;
}

function saneRequestId(req: Request): string | undefined {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : undefined;
}

function line(req: Request, res: Response, ms: number): object {
  const { requestId, jobId, caller, failure } = res.locals as Noted;
  return {
    requestId,
    jobId,
    caller: caller?.actor.id,
    method: req.method,
    path: pathOf(req),
    status: res.statusCode,
    ms: Math.round(ms),
    // The connection was closed before the response was sent.
    aborted: res.writableFinished ? undefined : true,
    ...reason(res, failure),
  };
}

/** An outage is logged as one sentence; only a defect gets its stack. */
function reason(res: Response, failure: Error | undefined): object | undefined {
  if (failure === undefined) return undefined;
  return res.statusCode === 503 ? { reason: failure.message } : { err: failure };
}

function levelOf(req: Request, res: Response): 'debug' | 'info' | 'warn' | 'error' {
  if (res.statusCode >= 500) return res.statusCode === 503 ? 'warn' : 'error';
  return isProbe(req) && res.statusCode < 400 ? 'debug' : 'info';
}
