import { exists, type Schedule, ScheduleName } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf, visibleTo } from '../auth/caller.ts';
import { DEFAULT_LIMIT, integerParameter, Limit, queryDecoder } from '../http/parsing/decodeQuery.ts';
import { linkToNext } from '../http/pages.ts';
import { sendJson } from '../http/sendJson.ts';
import { noSuchSchedule, scheduleNameOf } from './schedulePath.ts';
import { scheduleEventView, scheduleView, sendSchedule } from './scheduleView.ts';

const Sequence = integerParameter(/^[1-9]\d{0,14}$/u, { expected: 'the nextCursor of an earlier page' });

/** The query of `GET /api/schedules`: a cursor is the name after which the page begins. */
export const SchedulesQuery = Schema.Struct({
  limit: Schema.optionalKey(Limit),
  cursor: Schema.optionalKey(ScheduleName),
});

/** The query of `GET /api/schedules/:name/events`: a cursor is the sequence before which the page begins. */
export const ScheduleEventsQuery = Schema.Struct({
  limit: Schema.optionalKey(Limit),
  cursor: Schema.optionalKey(Sequence),
});

const decodeSchedules = queryDecoder(SchedulesQuery);

const decodeEvents = queryDecoder(ScheduleEventsQuery);

/** `GET /api/schedules`: a page of schedules from the log, sorted by name. */
export function listSchedules(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { limit, cursor = '' } = { limit: DEFAULT_LIMIT, ...decodeSchedules(req.query) };
    const isVisible = visibleTo(callerOf(res));
    const found = await schedulesAfter({ cursor, count: limit + 1, isVisible }, deps);
    const items = found.slice(0, limit);
    const nextCursor = found.length > limit ? (items.at(-1)?.name ?? null) : null;
    linkToNext(req, res, nextCursor);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map((schedule) => scheduleView(schedule, deps)), nextCursor });
  };
}

interface Wanted {
  readonly cursor: string;
  readonly count: number;
  readonly isVisible: (schedule: Schedule) => boolean;
}

/** The log also has the names of deleted schedules, so a page may take several reads. */
async function schedulesAfter({ cursor, count, isVisible }: Wanted, { log }: ApiDeps): Promise<Schedule[]> {
  const { reader } = log.schedules;
  const names = (await reader.names()).filter((name) => name > cursor);
  const found: Schedule[] = [];
  for (let start = 0; start < names.length && found.length < count; start += count) {
    const snapshots = await reader.readAll(names.slice(start, start + count));
    found.push(...snapshots.map(({ schedule }) => schedule).filter((state) => exists(state) && isVisible(state)));
  }
  return found.slice(0, count);
}

/** `GET /api/schedules/:name` */
export function getSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const snapshot = await deps.log.schedules.reader.read(scheduleNameOf(req));
    if (!exists(snapshot?.schedule)) throw noSuchSchedule();
    sendSchedule(res, { status: 200, deps }, snapshot.schedule);
  };
}

/** `GET /api/schedules/:name/events`: the history, newest first, also after the deletion. */
export function getScheduleEvents({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const { limit, cursor } = { limit: DEFAULT_LIMIT, ...decodeEvents(req.query) };
    const before = cursor === undefined ? {} : { before: cursor };
    const events = await log.schedules.reader.history(name, { ...before, limit: limit + 1 });
    if (events.length === 0 && cursor === undefined) throw noSuchSchedule();
    const items = events.slice(0, limit);
    const nextCursor = events.length > limit ? String(items.at(-1)?.sequence) : null;
    linkToNext(req, res, nextCursor);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map(scheduleEventView), nextCursor });
  };
}
