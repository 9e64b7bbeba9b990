import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { sendJson } from '../http/sendJson.ts';
import { rebuildView } from './rebuildView.ts';

/** How far the rebuild is that was asked for last, or what came of it. */
export function readRebuild({ rebuilds }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, rebuildView(await rebuilds.read()));
  };
}
