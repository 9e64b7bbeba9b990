import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { type Caller, callerOf, commandContext } from '../../auth/caller.ts';
import { sendJson } from '../../http/sendJson.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { Problem } from '../../problems/problem.ts';
import { positionParameter } from '../../http/tablePosition.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import type { ChangeCommand } from './applyCommand.ts';
import { type BulkPlan, BulkRequest, decodeBulkRequest, MAX_BULK_JOBS, PriorityBulkRequest } from './bulkRequest.ts';
import { BulkCount, BulkLine, type BulkRun, BulkTally, changeMatching, countMatching } from './changeMatching.ts';

const examples = {
  'dry run': { type: 'email', tag: 'campaign-7', dryRun: true },
  'with a reason': { type: 'email', tag: 'campaign-7', reason: 'withdrawn', limit: 100_000 },
};

const ofAll = {
  tag: 'many jobs',
  query: Schema.Struct(positionParameter),
  body: { required: true, content: jsonContent(BulkRequest, examples) },
  responses: {
    200: {
      description: 'The outcome, or with `dryRun` the number of matching jobs; as NDJSON also the progress.',
      content: {
        ...jsonContent(Schema.Union([BulkTally, BulkCount])),
        'application/x-ndjson': { item: BulkLine },
      },
    },
  },
  problems: [
    'table-unavailable',
    'log-unavailable',
    'log-overloaded',
    'deadline-exceeded',
    'too-many-feeds',
    'caller-share-exceeded',
    'stopping',
  ],
} as const satisfies Partial<EndpointDocs>;

/** The operations that change all jobs of a filter. */
export const bulkChangeDocs = {
  CancelJob: {
    ...ofAll,
    id: 'cancelJobs',
    summary: 'Cancel many jobs',
    description: 'Every job that matches the filter and has not ended. There is no time limit.',
  },
  RequeueJob: {
    ...ofAll,
    id: 'retryJobs',
    summary: 'Retry many jobs',
    description: 'Every failed job that matches the filter; cancelled ones with `"status": "cancelled"`.',
  },
  ChangePriority: {
    ...ofAll,
    id: 'changePriorities',
    summary: 'Change the priority of many jobs',
    description: 'Every job that matches the filter and is `scheduled`, `pending` or `retrying`.',
    body: {
      required: true,
      content: jsonContent(PriorityBulkRequest, {
        'before others': { type: 'email', tag: 'campaign-7', priority: 'high', reason: 'they wait for it' },
      }),
    },
    problems: [...ofAll.problems, 'upgrade-unfinished'],
  },
} as const satisfies Record<string, EndpointDocs>;

/**
 * `POST /api/jobs/cancel`, `POST /api/jobs/retry` and `POST /api/jobs/priority`: applies a command to every job that matches a filter.
 *
 * There is no time limit; as NDJSON, the response reports progress.
 */
export function bulkChange(command: ChangeCommand['kind'], deps: ApiDeps): RequestHandler {
  return async (req, res, next) => {
    const plan = ownJobsOf(callerOf(res), decodeBulkRequest(req.body, command));
    if (plan.dryRun) return withinDeadline(sendCount(plan, deps))(req, res, next);
    return wantsProgress(req) ? streamProgress(plan, res, deps) : sendSummary(plan, res, deps);
  };
}

function ownJobsOf({ tenant }: Caller, plan: BulkPlan): BulkPlan {
  return { ...plan, filter: { ...plan.filter, tenant } };
}

function sendCount(plan: BulkPlan, { table }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    sendJson(res, 200, { dryRun: true, matched: await countMatching(plan, MAX_BULK_JOBS, table) });
  };
}

async function sendSummary(plan: BulkPlan, res: Response, deps: ApiDeps): Promise<void> {
  sendJson(res, 200, await changeMatching(plan, { ...runOf(plan, res, deps), onProgress: () => undefined }, deps));
}

async function streamProgress(plan: BulkPlan, res: Response, deps: ApiDeps): Promise<void> {
  const run = runOf(plan, res, deps); // before the count, during which the client may disconnect
  const stream = new ProgressStream(res, await countMatching(plan, plan.limit, deps.table));
  stream.end(await changeMatching(plan, { ...run, onProgress: stream.progress }, deps));
}

function runOf(
  { command: kind, priority, reason }: BulkPlan,
  res: Response,
  { longRequests, log }: ApiDeps,
): Omit<BulkRun, 'onProgress'> {
  const over = new AbortController();
  longRequests.track('bulk changes', res, () => over.abort(new Problem('stopping')));
  res.once('close', () => over.abort());
  const given = { ...(reason === undefined ? {} : { reason }), ...(priority === undefined ? {} : { priority }) };
  const newCommand = () => ({ ...commandContext(res, log.clock.now()), kind, ...given }) as ChangeCommand;
  return { newCommand, signal: over.signal };
}

function wantsProgress(req: Request): boolean {
  return req.accepts(['application/json', 'application/x-ndjson']) === 'application/x-ndjson';
}

/** An NDJSON response: progress with `done` false, then the summary with `done` true. */
class ProgressStream {
  readonly #res: Response;
  readonly #total: number;

  /** `total` is the number of jobs that matched at the beginning. */
  constructor(res: Response, total: number) {
    this.#res = res;
    this.#total = total;
  }

  readonly progress = (tally: BulkTally): void => {
    this.#begin();
    this.#res.write(this.#line({ done: false, tally }));
  };

  end(tally: BulkTally): void {
    this.#begin();
    this.#res.end(this.#line({ done: true, tally }));
  }

  /** Sends the head with the first line: until then, a failure is sent as a problem. */
  #begin(): void {
    if (this.#res.headersSent) return;
    this.#res.setHeader('Content-Type', 'application/x-ndjson; charset=utf-8');
    this.#res.setHeader('Cache-Control', 'no-store');
    this.#res.setHeader('X-Accel-Buffering', 'no'); // keeps proxies from buffering lines
    this.#res.statusCode = 200;
  }

  #line({ done, tally }: { done: boolean; tally: BulkTally }): string {
    const line: typeof BulkLine.Type = { done, total: this.#total, ...tally };
    return `${JSON.stringify(line)}\n`;
  }
}
