import { InvalidCursorError, type JobListQuery, type JobPage } from '@jobstream/readmodel';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { countListed } from './countListed.ts';
import { jobView } from './jobView.ts';
import { decodeListJobsQuery } from './listJobsQuery.ts';
import { Problem } from '../problems/problem.ts';
import { sendJson } from '../http/sendJson.ts';

/** `GET /api/jobs`: a page of jobs, newest first, from the table. */
export function listJobs({ table, log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { tenant } = callerOf(res);
    const { count = false, ...query } = { ...decodeListJobsQuery(req.query), tenant };
    const [{ items, nextCursor }, total] = await Promise.all([
      page(query, table),
      count ? countListed(query, table) : undefined,
    ]);
    if (nextCursor !== null) res.setHeader('Link', `<${nextPage(req, nextCursor)}>; rel="next"`);
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: (await log.contents.openJobs(items)).map(jobView), nextCursor, ...total });
  };
}

async function page(query: JobListQuery, table: ApiDeps['table']): Promise<JobPage> {
  try {
    return await table.listJobs(query);
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error;
    const detail = 'must be the nextCursor of an earlier page';
    throw new Problem('invalid-parameter', { errors: [{ parameter: 'cursor', detail }], cause: error });
  }
}

function nextPage(req: Request, cursor: string): string {
  const query = new URLSearchParams(req.query as Record<string, string>);
  query.set('cursor', cursor);
  return `/api/jobs?${query.toString()}`;
}
