import type { NextFunction, Request, Response } from 'express';
import { pathOf } from '../http/pathOf.ts';
import { problemBody } from './problemBody.ts';
import { problemType } from './problemTypes.ts';
import { noteFailure, requestIdOf } from '../operations/requestLog.ts';
import { sendProblemJson } from '../http/sendJson.ts';
import { toProblem } from './toProblem.ts';

/** The last stop of every error: answers with a problem, or breaks the connection when the answer has begun. */
export function handleError(error: unknown, req: Request, res: Response, _next: NextFunction): void {
  const problem = toProblem(error);
  const { status, retryAfter } = problemType(problem.code);
  if (status >= 500) noteFailure(res, problem.cause instanceof Error ? problem.cause : problem);
  if (res.headersSent) return void res.destroy();
  if (retryAfter !== undefined) res.setHeader('Retry-After', retryAfter);
  for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
  sendProblemJson(res, status, problemBody(problem, { instance: pathOf(req), requestId: requestIdOf(res) }));
}
