import { InvalidCursorError, type JobPage } from '@jobstream/readmodel';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from './apiDeps.ts';
import { jobView } from './jobView.ts';
import { decodeListJobsQuery } from './listJobsQuery.ts';
import { Problem } from './problem.ts';
import { sendJson } from './sendJson.ts';

/** `GET /api/jobs`: a page of jobs, newest first, from the table. */
export function listJobs({ table }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { items, nextCursor } = await page(req, table);
    if (nextCursor !== null) res.setHeader('Link', `<${nextPage(req, nextCursor)}>; rel="next"`);
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: items.map(jobView), nextCursor });
  };
}

async function page(req: Request, table: ApiDeps['table']): Promise<JobPage> {
  try {
    return await table.listJobs(decodeListJobsQuery(req.query));
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
