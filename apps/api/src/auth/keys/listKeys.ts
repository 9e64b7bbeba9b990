import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { sendJson } from '../../http/sendJson.ts';
import { callerOf } from '../caller.ts';
import { keyView } from './keyView.ts';

/** `GET /api/keys`: all keys, also those that are over, newest first. */
export function listKeys({ keys }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const items = await keys.list(callerOf(res).tenant);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map(keyView) });
  };
}
