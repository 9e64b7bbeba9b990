import { hash } from 'node:crypto';
import { canonicalJson, type Job, uuidV8 } from '@jobstream/domain';
import { isShredded } from '@jobstream/eventlog';

const VISIBLE_ASCII = /^[\x20-\x7e]{1,255}$/;
/** The rule for keys, as it follows the name of a field in a message. */
export const KEY_RULE = 'must have 1 to 255 visible ASCII characters';

/** The job id and the fingerprint that an idempotency key gives a request. */
export interface IdempotentIdentity {
  readonly jobId: string;
  /** Hashed, since the key may be a secret of the client. */
  readonly idempotencyKey: string;
  readonly fingerprint: string;
}

/** Whether a key is valid. */
export function isIdempotencyKey(key: unknown): key is string {
  return typeof key === 'string' && VISIBLE_ASCII.test(key);
}

/** Derives the identity of a job from a key: the same on every process and at any time. */
export function identityOfKey(key: string, body: unknown): IdempotentIdentity {
  const digest = hash('sha256', key);
  return {
    jobId: uuidV8(digest),
    idempotencyKey: digest,
    fingerprint: hash('sha256', canonicalJson(body)),
  };
}

/** Whether the job was created by this request. If its contents were erased, the key alone decides. */
export function isSameRequest(
  { fingerprint, payload }: Job,
  identity: { readonly fingerprint?: string | undefined },
): boolean {
  return fingerprint === identity.fingerprint || isShredded(payload);
}
