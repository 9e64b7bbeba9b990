import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { sendJson } from '../http/sendJson.ts';
import { typeView } from './typeView.ts';

/** `GET /api/types`: the types that a worker has run or somebody has paused. */
export function listTypes({ log }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const types = await log.jobTypes.list();
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: types.map(typeView) });
  };
}
