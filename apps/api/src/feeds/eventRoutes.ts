import { endOfLog } from '@jobstream/eventlog';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { JobEventView } from '../jobs/view/jobEventView.ts';
import type { EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { sendHead } from './eventStream.ts';
import { decodeFeedPlan, type FeedPlan, FeedQuery, unknownPosition } from './feedQuery.ts';
import { LiveFeed } from './liveFeed.ts';
import { CatchUpSemaphore } from './catchUpSemaphore.ts';

const getEventsDocs: EndpointDocs = {
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
  problems: ['log-unavailable', 'too-many-feeds', 'caller-share-exceeded', 'stopping'],
};

/** How long a position beyond the end is waited for: a new leader of the log may not know of it yet. */
const NEW_LEADER_MS = 1_000;

/** Routes under `/api/events`. */
export function eventRoutes(deps: ApiDeps): readonly Route[] {
  const handlers = [requireScope('jobs:read'), getEvents(deps)];
  return [{ path: '/api/events', get: { docs: getEventsDocs, handlers } }];
}

/** `GET /api/events`: a live feed of the events of all jobs, from a position in the log or from now on. */
function getEvents({ log, tail, longRequests, logger }: ApiDeps): RequestHandler {
  const catchUps = new CatchUpSemaphore();
  return async (req, res) => {
    const plan = decodeFeedPlan(req, callerOf(res));
    if (req.method === 'HEAD') {
      sendHead(res);
      return void res.end();
    }
    await tail.ensureStarted();
    const after = await startOf(plan, { log, tail });
    await new LiveFeed({ res, tail, log, longRequests, catchUps, filter: plan.filter, after, logger }).run();
  };
}

async function startOf({ after }: FeedPlan, { log, tail }: Pick<ApiDeps, 'log' | 'tail'>): Promise<number> {
  if (after === undefined) return tail.end;
  // A feed beyond the end would wait for events that may not come for years.
  const isBeyond = after > tail.end && after > (await endOfLog(log, after, { patienceMs: NEW_LEADER_MS }));
  if (isBeyond) throw unknownPosition('is beyond the end of the log');
  return after;
}
