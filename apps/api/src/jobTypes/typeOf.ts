import { JobType } from '@jobstream/domain';
import { Schema } from 'effect';
import type { Request } from 'express';
import { Problem } from '../problems/problem.ts';

/** The path of what concerns one job type. */
export const TypePath = Schema.Struct({ type: JobType });

const isJobType = Schema.is(JobType);

/** The job type that the path names. */
export function typeOf(req: Request): string {
  const type = String(req.params['type']);
  if (!isJobType(type)) throw noSuchType('a type has 1 to 63 lower-case letters, digits and dashes');
  return type;
}

export function noSuchType(detail: string): Problem {
  return new Problem('type-not-found', { detail });
}
