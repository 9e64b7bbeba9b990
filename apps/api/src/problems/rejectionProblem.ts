import type { Rejection } from '@jobstream/domain';
import { Problem } from './problem.ts';

/** What a client is told when the domain refuses a command. */
export function rejectionProblem({ kind, detail }: Rejection): Problem {
  return new Problem(kind === 'not-found' ? 'job-not-found' : 'illegal-transition', { detail });
}
