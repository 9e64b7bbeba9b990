import { isJobType, JobType } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { Request } from 'express';
import { Problem } from '../problems/problem.ts';

/** The path parameters of one job type. */
export const TypePath = Schema.Struct({ type: JobType });

/** Returns the job type in the path. */
export function typeOf(req: Request): string {
  const type = String(req.params['type']);
  if (!isJobType(type)) throw noSuchType('a job type has 1 to 63 lower-case letters, digits and dashes');
  return type;
}

export function noSuchType(detail: string): Problem {
  return new Problem('type-not-found', { detail });
}
