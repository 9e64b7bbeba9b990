import type { Readiness } from '@jobstream/runtime';
import { Router, type RequestHandler } from 'express';
import { addRoute } from '../http/addRoute.ts';
import { needsNothing } from '../auth/needs.ts';
import { sendJson } from '../http/sendJson.ts';

/** Probes for whoever restarts this process (live) and for whoever sends it requests (ready). */
export function healthRoutes(readiness: Readiness): Router {
  const router = Router();
  addRoute(router, ['/health/live', '/livez'], { get: [needsNothing(), answerLive] });
  addRoute(router, ['/health/ready', '/readyz'], { get: [needsNothing(), answerReady(readiness)] });
  return router;
}

const answerLive: RequestHandler = (_req, res) => {
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, { status: 'live' });
};

function answerReady(readiness: Readiness): RequestHandler {
  return async (_req, res) => {
    const { ready, parts, stopping } = await readiness.report();
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, ready ? 200 : 503, { status: stopping ? 'stopping' : ready ? 'ready' : 'not ready', parts });
  };
}
