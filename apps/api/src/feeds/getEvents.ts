import type { RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { openEventStream } from './eventStream.ts';
import { decodeFeedPlan, unknownPosition, type FeedPlan } from './feedQuery.ts';
import { LiveFeed } from './liveFeed.ts';
import { ReplaySemaphore } from './replaySemaphore.ts';

/** `GET /api/events`: what happens to all jobs, as it happens, from a place in the log or from now on. */
export function getEvents({ log, tail, held, logger }: ApiDeps): RequestHandler {
  const places = new ReplaySemaphore();
  return async (req, res) => {
    const plan = decodeFeedPlan(req, callerOf(res).tenant);
    if (req.method === 'HEAD') return answerHead(res);
    await tail.begin();
    const after = await beginning(plan, { log, tail });
    const feed = new LiveFeed({ res, tail, log, places, filter: plan.filter, after, logger });
    held.hold(res, feed.end);
    await feed.run();
  };
}

async function beginning({ after }: FeedPlan, { log, tail }: Pick<ApiDeps, 'log' | 'tail'>): Promise<number> {
  if (after === undefined) return tail.now;
  // Waiting for events that the log may not have for years would look like a feed that works.
  if (after > tail.now && after > (await log.lastSequence())) throw unknownPosition('is beyond the end of the log');
  return after;
}

function answerHead(res: Response): void {
  openEventStream(res);
  res.end();
}
