import type { Problem } from './problem.ts';
import { problemType } from './problemTypes.ts';

export interface ProblemPlace {
  readonly instance?: string;
  readonly requestId?: string;
}

/** A problem as RFC 9457 wants it. `type` is a name that clients can compare with; docs/api.md explains each. */
export function problemBody(problem: Problem, { instance, requestId }: ProblemPlace): object {
  const { status, title } = problemType(problem.code);
  return {
    type: `urn:jobstream:problem:${problem.code}`,
    title,
    status,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(instance === undefined ? {} : { instance }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
