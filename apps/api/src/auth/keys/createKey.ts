import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { sendJson } from '../../http/sendJson.ts';
import { callerOf } from '../caller.ts';
import { decodeCreateKey } from './createKeyRequest.ts';
import { keyView } from './keyView.ts';

/** `POST /api/keys`: the only answer that ever has the key itself. */
export function createKey({ keys, logger }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const caller = callerOf(res);
    const { tenant = null, expiresAt = null, ...request } = decodeCreateKey(req.body, caller, Date.now());
    const { key, text } = await keys.create({ ...request, tenant, expiresAt });
    logger.info({ key: key.id, scopes: key.scopes, tenant, by: caller.actor }, 'an API key was created');
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 201, { ...keyView(key), key: text });
  };
}
