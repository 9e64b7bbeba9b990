import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { cloudEvent } from './cloudEvent.ts';
import { streamJobEvents } from '../feeds/streamJobEvents.ts';
import { jobIdOf, noSuchJob } from './jobIdOf.ts';
import { jobEventView } from './jobEventView.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';

const JSON_TYPE = 'application/json';
const CLOUD_EVENTS = 'application/cloudevents-batch+json';
const EVENT_STREAM = 'text/event-stream';

/** `GET /api/jobs/:id/events`: all that ever happened to the job, oldest first, from the log; as a stream also live. */
export function getJobEvents(deps: ApiDeps): RequestHandler {
  const listEvents = withinDeadline(answerList(deps));
  return async (req, res, next) => {
    res.vary('Accept');
    const live = wantedType(req) === EVENT_STREAM && req.method !== 'HEAD';
    return live ? streamJobEvents(jobIdOf(req, res), req, res, deps) : listEvents(req, res, next);
  };
}

function answerList({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const history = await log.readHistory(jobIdOf(req, res));
    if (history.length === 0) throw noSuchJob();
    res.setHeader('Cache-Control', 'private, no-cache');
    if (wantedType(req) === CLOUD_EVENTS) sendJson(res, 200, history.map(cloudEvent), CLOUD_EVENTS);
    else sendJson(res, 200, { items: history.map(jobEventView) });
  };
}

function wantedType(req: Request): string | false {
  return req.accepts([JSON_TYPE, CLOUD_EVENTS, EVENT_STREAM]);
}
