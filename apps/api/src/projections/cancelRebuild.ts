import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { sendJson } from '../http/sendJson.ts';
import { rebuildView } from './rebuildView.ts';

/** Asks for the end of a rebuild; one that has ended stays as it is. */
export function cancelRebuild({ rebuilds, logger }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const request = await rebuilds.cancel();
    logger.info({ rebuild: request?.id, by: callerOf(res).actor }, 'the rebuild of the projection is to be cancelled');
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 202, rebuildView(request));
  };
}
