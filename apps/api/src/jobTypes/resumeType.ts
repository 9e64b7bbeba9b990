import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { sendJson } from '../http/sendJson.ts';
import { noSuchType, typeOf } from './typeOf.ts';
import { typeView } from './typeView.ts';

/** `POST /api/types/:type/resume`: attempts of the type start again. There is nothing to say in a body. */
export function resumeType({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const info = await log.jobTypes.resume(type);
    if (info === undefined) throw noSuchType('no worker has ever run this type, and nobody has paused it');
    sendJson(res, 200, typeView(info));
  };
}
