export {
  anyKeyed,
  appendNewJob,
  appendNewJobs,
  existingJob,
  findExistingJob,
  UnreadableConflictError,
} from './appendNewJob.ts';
export type { AppendDeps, Creation, Creations } from './appendNewJob.ts';
export { CreateJobRequest } from './createJobRequest.ts';
export { creationEvent, scopedCreationEvent, type NewIdentity, type NewJob } from './creationEvent.ts';
export { identityOfKey, isIdempotencyKey, isSameRequest, KEY_RULE } from './idempotency.ts';
export { Instant } from './instant.ts';
export { RequestedUnique } from './requestedUnique.ts';
