import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { sendJson } from '../http/sendJson.ts';
import { scheduleEventsPage } from './pageQuery.ts';
import { noSuchSchedule, scheduleNameOf } from './scheduleNameOf.ts';
import { scheduleEventView } from './scheduleView.ts';

/** `GET /api/schedules/:name/events`: what happened to the schedule, newest first, also after it was deleted. */
export function getScheduleEvents({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const { limit, cursor } = scheduleEventsPage(req.query);
    const before = cursor === undefined ? {} : { before: cursor };
    const events = await log.schedules.reader.history(name, { ...before, limit: limit + 1 });
    if (events.length === 0 && cursor === undefined) throw noSuchSchedule();
    const items = events.slice(0, limit);
    const nextCursor = events.length > limit ? String(items.at(-1)?.sequence) : null;
    if (nextCursor !== null) {
      const next = `/api/schedules/${name}/events?limit=${limit}&cursor=${nextCursor}`;
      res.setHeader('Link', `<${next}>; rel="next"`);
    }
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map(scheduleEventView), nextCursor });
  };
}
