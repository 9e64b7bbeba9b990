import { hash, randomUUIDv7 } from 'node:crypto';
import { uuidV8 } from '@jobstream/domain';
import type { Request } from 'express';
import { canonicalJson } from '../jobs/canonicalJson.ts';
import { readIdempotencyKey } from '../jobs/idempotency.ts';
import type { NewIdentity } from '../jobs/newJob.ts';

/**
 * Where the jobs of a batch are: with an `Idempotency-Key`, each has an id drawn from the key and its place, and the
 * fingerprint of the whole body. A line break, which no key has, keeps these ids apart from those of single jobs.
 */
export function batchIdentities(req: Request, count: number): readonly NewIdentity[] {
  const key = readIdempotencyKey(req);
  if (key === undefined) return Array.from({ length: count }, () => ({ jobId: randomUUIDv7() }));
  const fingerprint = hash('sha256', canonicalJson(req.body));
  return Array.from({ length: count }, (_, index) => {
    const digest = hash('sha256', `${key}\n${index}`);
    return { jobId: uuidV8(digest), idempotencyKey: digest, fingerprint };
  });
}
