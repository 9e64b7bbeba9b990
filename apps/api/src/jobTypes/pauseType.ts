import { Schema } from 'effect';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { decodeBody } from '../http/decodeBody.ts';
import { Instant } from '../http/instant.ts';
import { sendJson } from '../http/sendJson.ts';
import { typeOf } from './typeOf.ts';
import { typeView } from './typeView.ts';

/** The body of `POST /api/types/:type/pause`, which may be left out. */
export const PauseRequest = Schema.Struct({ until: Schema.optionalKey(Instant) });

const decode = Schema.decodeUnknownResult(PauseRequest, { errors: 'all', onExcessProperty: 'error' });

/** `POST /api/types/:type/pause`: no further attempt of the type starts. */
export function pauseType({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const until = decodeUntil(req.body, Date.now());
    sendJson(res, 200, typeView(await log.jobTypes.pause(type, until)));
  };
}

function decodeUntil(body: unknown, now: number): string | undefined {
  if (body === undefined) return undefined;
  const until = typeof body === 'object' && body !== null && 'until' in body ? body.until : undefined;
  const past = typeof until === 'string' && Date.parse(until) <= now;
  return decodeBody(decode(body), past ? [{ pointer: '/until', detail: 'must be in the future' }] : []).until;
}
