import { Schema } from 'effect';
import { decodeBody } from '../http/decodeBody.ts';

/** The body of `POST /api/jobs/:id/cancel` and `…/retry`, which may be left out. */
export const ReasonRequest = Schema.Struct({
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});

const decode = Schema.decodeUnknownResult(ReasonRequest, { errors: 'all', onExcessProperty: 'error' });

/** The reason that a request gives, if any; throws a Problem for anything else in the body. */
export function decodeReason(body: unknown): typeof ReasonRequest.Type {
  return body === undefined ? {} : decodeBody(decode(body));
}
