import * as Schema from 'effect/Schema';
import type { NextFunction, Request, Response } from 'express';
import type { Problem } from '../problems/problem.ts';
import { type ProblemCode, problemType } from '../problems/problemTypes.ts';
import { toProblem } from '../problems/toProblem.ts';
import { recordFailure, requestIdOf } from '../telemetry/requestLog.ts';
import { pathOf } from '../telemetry/routeOf.ts';
import { type BodyOf, sendProblemJson } from './sendJson.ts';

const detail = Schema.String;

/** Problem details by RFC 9457. `type` is a name to compare with; docs/api.md explains each. */
export const ProblemBody = Schema.Struct({
  type: Schema.String,
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.optionalKey(Schema.String),
  instance: Schema.optionalKey(Schema.String),
  errors: Schema.optionalKey(
    Schema.Array(
      Schema.Union([
        Schema.Struct({ pointer: Schema.String, detail }),
        Schema.Struct({ parameter: Schema.String, detail }),
        Schema.Struct({ header: Schema.String, detail }),
      ]),
    ),
  ),
  requestId: Schema.optionalKey(Schema.String),
}).annotate({ identifier: 'Problem' });

/** The error handler of the app: sends problem details, or closes the connection if the response has begun. */
export function handleError(error: unknown, req: Request, res: Response, _next: NextFunction): void {
  const problem = toProblem(error);
  const { status, retryAfter } = problemType(problem.code);
  if (status >= 500) recordFailure(res, problem.cause instanceof Error ? problem.cause : problem);
  if (res.headersSent) return void res.destroy();
  if (retryAfter !== undefined) res.setHeader('Retry-After', retryAfter);
  for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
  sendProblemJson(res, status, problemBody(problem, { instance: pathOf(req), requestId: requestIdOf(res) }));
}

interface ProblemPlace {
  readonly instance?: string;
  readonly requestId?: string;
}

/** Returns the `type` URI of a problem. */
export function problemUrn(code: ProblemCode): string {
  return `urn:jobstream:problem:${code}`;
}

export function problemBody(problem: Problem, { instance, requestId }: ProblemPlace): BodyOf<typeof ProblemBody> {
  const { status, title } = problemType(problem.code);
  return {
    type: problemUrn(problem.code),
    title,
    status,
    detail: problem.detail,
    instance,
    errors: problem.errors,
    requestId,
  };
}
