import type { Rejection } from '@jobstream/domain';
import { Problem } from './problem.ts';

/** What a client is told when the domain refuses a command. */
export function rejectionProblem({ rejected, detail }: Rejection): Problem {
  return new Problem(rejected === 'not-found' ? 'job-not-found' : 'illegal-transition', { detail });
}
