import type { Readiness } from '@jobstream/runtime';
import type { RequestHandler } from 'express';
import { needsNothing } from '../auth/needs.ts';
import type { BodyOf } from '../http/bodyOf.ts';
import type { Route } from '../http/route.ts';
import { sendJson } from '../http/sendJson.ts';
import type { LiveView, ReadyView } from './healthView.ts';
import { probeOperations } from './probeOperations.ts';

/** Probes for whoever restarts this process (live) and for whoever sends it requests (ready). */
export function healthRoutes(readiness: Readiness): readonly Route[] {
  return [
    {
      path: '/health/live',
      aliases: ['/livez'],
      get: { operation: probeOperations.live, handlers: [needsNothing(), answerLive] },
    },
    {
      path: '/health/ready',
      aliases: ['/readyz'],
      get: { operation: probeOperations.ready, handlers: [needsNothing(), answerReady(readiness)] },
    },
  ];
}

const answerLive: RequestHandler = (_req, res) => {
  const body: BodyOf<typeof LiveView> = { status: 'live' };
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, body);
};

function answerReady(readiness: Readiness): RequestHandler {
  return async (_req, res) => {
    const { ready, parts, stopping } = await readiness.report();
    const status = stopping ? 'stopping' : ready ? 'ready' : 'not ready';
    const body: BodyOf<typeof ReadyView> = { status, parts };
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, ready ? 200 : 503, body);
  };
}
