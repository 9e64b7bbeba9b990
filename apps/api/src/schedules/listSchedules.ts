import { exists } from '@jobstream/domain';
import type { Schedule } from '@jobstream/domain';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { visibleTo } from '../auth/visibleTo.ts';
import { sendJson } from '../http/sendJson.ts';
import { schedulesPage } from './pageQuery.ts';
import { scheduleView } from './scheduleView.ts';

/** `GET /api/schedules`: a page of schedules in the order of their names, from the log. */
export function listSchedules(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { limit, cursor = '' } = schedulesPage(req.query);
    const isVisible = visibleTo(callerOf(res));
    const found = await schedulesAfter({ cursor, count: limit + 1, isVisible }, deps);
    const items = found.slice(0, limit);
    const nextCursor = found.length > limit ? (items.at(-1)?.name ?? null) : null;
    if (nextCursor !== null) {
      res.setHeader('Link', `</api/schedules?limit=${limit}&cursor=${nextCursor}>; rel="next"`);
    }
    res.setHeader('Cache-Control', 'private, no-store');
    const now = Date.now();
    sendJson(res, 200, { items: items.map((schedule) => scheduleView(schedule, now)), nextCursor });
  };
}

interface Wanted {
  readonly cursor: string;
  readonly count: number;
  readonly isVisible: (schedule: Schedule) => boolean;
}

/** Names of deleted schedules stay in the log, so it may take more names than schedules. */
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
