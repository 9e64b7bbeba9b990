import type { JobEvent } from '@jobstream/domain';
import { jobAppendRequest } from '../src/append/appendRequest.ts';
import type { BatchMember } from '../src/append/pendingBatch.ts';

/** The first event of a new job, as a member of a batch. */
export function firstOf(event: JobEvent): BatchMember {
  return { request: jobAppendRequest(event), expected: 0 };
}
