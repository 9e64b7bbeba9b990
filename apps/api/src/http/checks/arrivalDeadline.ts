import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../../problems/problem.ts';
import type { Check } from './checkAll.ts';
import { handleError } from '../handleError.ts';

/**
 * Answers a request 408 whose body has not arrived after `ms` milliseconds, and closes its connection.
 *
 * Replaces `requestTimeout` of node:http, which no route could be exempted from.
 */
export function arrivalDeadline(ms: number): Check {
  return (req, res) => {
    // A small body comes with the head, and is read by the end of this turn of the event loop: most requests need no timer.
    if (hasBody(req)) setImmediate(setTimer, req, res, ms);
  };
}

function setTimer(req: Request, res: Response, ms: number): void {
  if (req.complete || req.destroyed || res.locals['mayArriveLate'] === true) return;
  const timer = setTimeout(() => giveUp(req, res), ms);
  res.locals['arrivalTimer'] = timer;
  req.once('close', () => clearTimeout(timer));
}

/** A handler for routes whose requests may take any time to arrive; it goes after the check of the credentials. */
export const noArrivalDeadline: RequestHandler = (_req, res, next) => {
  res.locals['mayArriveLate'] = true;
  clearTimeout(res.locals['arrivalTimer'] as NodeJS.Timeout | undefined);
  next();
};

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function giveUp(req: Request, res: Response): void {
  if (res.headersSent) return void req.destroy();
  res.once('finish', () => req.destroy());
  res.setHeader('Connection', 'close');
  handleError(new Problem('request-timeout'), req, res, () => undefined);
}
