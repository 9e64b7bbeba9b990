import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import type { ChangeCommand } from '../jobs/applyCommand.ts';
import { callerOf, type Caller } from '../auth/caller.ts';
import { commandContext } from '../jobs/commandContext.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { decodeBulkRequest, MAX_BULK_JOBS, type BulkPlan } from './bulkRequest.ts';
import { changeMatching, type BulkRun } from './changeMatching.ts';
import { countMatching } from './matchingPages.ts';
import { ProgressStream } from './progressStream.ts';

/**
 * `POST /api/jobs/cancel` and `POST /api/jobs/retry`: one command for every job that a filter matches. Takes as long as
 * it takes, as the only route that does; who wants to see it work asks for NDJSON.
 */
export function bulkChange(command: ChangeCommand['kind'], deps: ApiDeps): RequestHandler {
  return async (req, res, next) => {
    const plan = ownJobsOf(callerOf(res), decodeBulkRequest(req.body, command));
    if (plan.dryRun) return withinDeadline(answerCount(plan, deps))(req, res, next);
    return wantsProgress(req) ? streamProgress(plan, res, deps) : answerSummary(plan, res, deps);
  };
}

function ownJobsOf({ tenant }: Caller, plan: BulkPlan): BulkPlan {
  return { ...plan, filter: { ...plan.filter, tenant } };
}

function answerCount(plan: BulkPlan, { table }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    sendJson(res, 200, { dryRun: true, matched: await countMatching(plan, MAX_BULK_JOBS, table) });
  };
}

async function answerSummary(plan: BulkPlan, res: Response, deps: ApiDeps): Promise<void> {
  sendJson(res, 200, await changeMatching(plan, { ...runOf(plan, res), onProgress: () => undefined }, deps));
}

async function streamProgress(plan: BulkPlan, res: Response, deps: ApiDeps): Promise<void> {
  const run = runOf(plan, res); // before the count, during which the client may go
  const stream = new ProgressStream(res, await countMatching(plan, plan.limit, deps.table));
  stream.end(await changeMatching(plan, { ...run, onProgress: stream.progress }, deps));
}

function runOf({ command: kind, reason }: BulkPlan, res: Response): Omit<BulkRun, 'onProgress'> {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  if (res.destroyed) gone.abort();
  const given = reason === undefined ? {} : { reason };
  return { newCommand: () => ({ ...commandContext(res, Date.now()), kind, ...given }), signal: gone.signal };
}

function wantsProgress(req: Request): boolean {
  return req.accepts(['application/json', 'application/x-ndjson']) === 'application/x-ndjson';
}
