import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Job, uuidV8 } from '@jobstream/domain';
import { isShredded } from '@jobstream/eventlog';
import { Problem } from '../../problems/problem.ts';

const HEADER = 'idempotency-key';
const VISIBLE_ASCII = /^[\x20-\x7e]{1,255}$/;
/** In words that follow on the name of the field. */
export const KEY_RULE = 'must have 1 to 255 visible ASCII characters';

/** What an idempotency key makes of a request: where its job is, and how to tell that the request is the same. */
export interface IdempotentIdentity {
  readonly jobId: string;
  /** Hashed: the key itself may be a secret of the sender. */
  readonly idempotencyKey: string;
  readonly fingerprint: string;
}

/** The request's `Idempotency-Key`, if it has one. */
export function readIdempotencyKey(req: IncomingMessage): string | undefined {
  if (req.headers[HEADER] === undefined) return undefined;
  const [key = '', ...more] = req.headersDistinct[HEADER] ?? [];
  if (more.length > 0) throw invalidKey('must be given once');
  if (!isIdempotencyKey(key)) throw invalidKey(KEY_RULE);
  return key;
}

/** Whether a key is one that we take. */
export function isIdempotencyKey(key: unknown): key is string {
  return typeof key === 'string' && VISIBLE_ASCII.test(key);
}

/** The same key always means the same job, whichever process is asked and however late. */
export function identityOfKey(key: string, body: unknown): IdempotentIdentity {
  const digest = hash('sha256', key);
  return {
    jobId: uuidV8(digest),
    idempotencyKey: digest,
    fingerprint: hash('sha256', canonicalJson(body)),
  };
}

/** What is answered when a key comes with another request than before. */
export function idempotencyKeyReused(): Problem {
  const detail = 'the first request with this key had another body';
  return new Problem('idempotency-key-reused', { detail, errors: [{ header: 'Idempotency-Key', detail }] });
}

function invalidKey(detail: string): Problem {
  return new Problem('invalid-header', {
    detail: `Idempotency-Key ${detail}`,
    errors: [{ header: 'Idempotency-Key', detail }],
  });
}

/**
 * Whether the job was made by this request. Of one whose contents were erased nobody can tell any more: its key alone
 * says that it was.
 */
export function isSameRequest(
  { fingerprint, payload }: Job,
  identity: { readonly fingerprint?: string | undefined },
): boolean {
  return fingerprint === identity.fingerprint || isShredded(payload);
}

/** One text for all spellings of a JSON value: the fields of objects sorted, no white space. The value must not be deep. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isPlainObject(part) ? sorted(part) : part));
}

function isPlainObject(part: unknown): part is Readonly<Record<string, unknown>> {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}

function sorted(object: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(object).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
