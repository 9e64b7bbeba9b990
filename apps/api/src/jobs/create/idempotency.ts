import type { IncomingMessage } from 'node:http';
import { isIdempotencyKey, KEY_RULE } from '@jobstream/creation';
import { Problem } from '../../problems/problem.ts';

const HEADER = 'idempotency-key';

/**
 * Returns the `Idempotency-Key` of a request, if any.
 *
 * @throws Problem `invalid-header`
 */
export function readIdempotencyKey(req: IncomingMessage): string | undefined {
  if (req.headers[HEADER] === undefined) return undefined;
  const [key = '', ...more] = req.headersDistinct[HEADER] ?? [];
  if (more.length > 0) throw invalidKey('must be given once');
  if (!isIdempotencyKey(key)) throw invalidKey(KEY_RULE);
  return key;
}

/** The problem of a key that was used with another body. */
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
