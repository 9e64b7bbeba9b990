import type { RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { JobEventView } from '../jobs/view/jobEventView.ts';
import type { Operation } from '../routes/operation.ts';
import type { Route } from '../routes/route.ts';
import { getStats, getStatsOperation } from '../stats/statsRoutes.ts';
import { openEventStream } from './eventStream.ts';
import { decodeFeedPlan, type FeedPlan, FeedQuery, unknownPosition } from './feedQuery.ts';
import { LiveFeed } from './liveFeed.ts';
import { ReplaySemaphore } from './replaySemaphore.ts';

export const getEventsOperation: Operation = {
  id: 'followEvents',
  tag: 'events',
  summary: 'Follow the events of all jobs',
  description:
    'A live feed. The `id` of an event is its sequence in the log; with `Last-Event-ID`, a feed resumes after it without gaps or duplicates, on any process. A heartbeat with the current position is sent every 15 s.',
  query: FeedQuery,
  headers: ['Last-Event-ID'],
  responses: {
    200: {
      description: 'Events as they happen, until either side closes the connection.',
      headers: ['Cache-Control'],
      content: { 'text/event-stream': { item: JobEventView } },
    },
  },
  problems: ['log-unavailable', 'too-many-feeds', 'stopping'],
};

/** `GET /api/events`: what happens to all jobs, as it happens, from a place in the log or from now on. */
export function getEvents({ log, tail, longRequests, logger }: ApiDeps): RequestHandler {
  const places = new ReplaySemaphore();
  return async (req, res) => {
    const plan = decodeFeedPlan(req, callerOf(res).tenant);
    if (req.method === 'HEAD') return answerHead(res);
    await tail.ensureStarted();
    const after = await beginning(plan, { log, tail });
    const feed = new LiveFeed({ res, tail, log, places, filter: plan.filter, after, logger });
    longRequests.track(res, feed.end);
    await feed.run();
  };
}

async function beginning({ after }: FeedPlan, { log, tail }: Pick<ApiDeps, 'log' | 'tail'>): Promise<number> {
  if (after === undefined) return tail.end;
  // Waiting for events that the log may not have for years would look like a feed that works.
  if (after > tail.end && after > (await log.lastSequence())) throw unknownPosition('is beyond the end of the log');
  return after;
}

function answerHead(res: Response): void {
  openEventStream(res);
  res.end();
}

/** What concerns all jobs: what happens to them, and how many there are. */
export function feedRoutes(deps: ApiDeps): readonly Route[] {
  const read = requireScope('jobs:read');
  return [
    { path: '/api/events', get: { operation: getEventsOperation, handlers: [read, getEvents(deps)] } },
    { path: '/api/stats', get: { operation: getStatsOperation, handlers: [read, withinDeadline(getStats(deps))] } },
  ];
}
