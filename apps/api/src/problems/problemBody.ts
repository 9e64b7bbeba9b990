import { Schema } from 'effect';
import type { BodyOf } from '../http/bodyOf.ts';
import type { Problem } from './problem.ts';
import { problemType, type ProblemCode } from './problemTypes.ts';

const detail = Schema.String;

/** A problem as RFC 9457 wants it. `type` is a name that clients can compare with; docs/api.md explains each. */
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

export interface ProblemPlace {
  readonly instance?: string;
  readonly requestId?: string;
}

/** The `type` of a kind of problem. */
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
