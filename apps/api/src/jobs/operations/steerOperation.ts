import { type JobOperation, jobOutcomes, operationStatuses } from '@jobstream/readmodel';
import { JobId } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf } from '../../auth/caller.ts';
import { DEFAULT_LIMIT, integerParameter, Limit, queryDecoder } from '../../http/parsing/decodeQuery.ts';
import { linkToNext, orInvalidCursor } from '../../http/pages.ts';
import { sendJson } from '../../http/sendJson.ts';
import { Problem } from '../../problems/problem.ts';
import { operationJobView, operationView } from './operationView.ts';

const MOST_REASONS = 20;

/** The path parameters of one operation. */
export const OperationPath = Schema.Struct({ id: JobId });

/** The query of `GET /api/operations`. */
export const OperationsQuery = Schema.Struct({
  status: Schema.optionalKey(Schema.Literals(operationStatuses)),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'The page size.' }),
  cursor: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 200))).annotateKey({
    description: 'The `nextCursor` of an earlier page.',
  }),
});

const Position = integerParameter(/^[1-9]\d{0,8}$/u, { expected: 'the nextCursor of an earlier page' });

/** The query of `GET /api/operations/:id/jobs`. */
export const OperationJobsQuery = Schema.Struct({
  outcome: Schema.optionalKey(Schema.Literals(jobOutcomes)),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'The page size.' }),
  cursor: Schema.optionalKey(Position).annotateKey({ description: 'The `nextCursor` of an earlier page.' }),
});

const isId = Schema.is(JobId);
const decodeList = queryDecoder(OperationsQuery);
const decodeJobs = queryDecoder(OperationJobsQuery);

/** `GET /api/operations`: newest first. */
export function listOperations({ operations }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const query = { limit: DEFAULT_LIMIT, ...decodeList(req.query), tenant: callerOf(res).tenant };
    const { items, nextCursor } = await operations.list(query).catch(orInvalidCursor());
    linkToNext(req, res, nextCursor);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map((operation) => operationView(operation)), nextCursor });
  };
}

/** `GET /api/operations/:id` */
export function getOperation({ operations }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const operation = found(await operations.read(idOf(req), callerOf(res).tenant));
    const { id, skipped, failed } = operation;
    const reasons = skipped + failed === 0 ? [] : await operations.countReasons(id, MOST_REASONS);
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, operationView(operation, reasons));
  };
}

/** `GET /api/operations/:id/jobs`: what became of each, in the order in which they are processed. */
export function getOperationJobs({ operations }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { limit, cursor, outcome } = { limit: DEFAULT_LIMIT, ...decodeJobs(req.query) };
    const { id } = found(await operations.read(idOf(req), callerOf(res).tenant));
    const { items, nextCursor } = await operations.listJobs(id, { limit, after: cursor, outcome });
    linkToNext(req, res, nextCursor);
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, { items: items.map(operationJobView), nextCursor });
  };
}

const steps = {
  pause: { to: 'paused', from: ['running'] },
  resume: { to: 'running', from: ['paused'] },
  cancel: { to: 'cancelled', from: ['running', 'paused'] },
} as const;

/** `POST /api/operations/:id/pause`, `…/resume` and `…/cancel`: may be repeated. */
export function steerOperation(step: keyof typeof steps, { operations }: ApiDeps): RequestHandler {
  const { to, from } = steps[step];
  return async (req, res) => {
    const [id, { tenant }] = [idOf(req), callerOf(res)];
    await operations.changeStatus({ id, tenant }, to, from);
    const operation = found(await operations.read(id, tenant));
    if (operation.status !== to && isOver(operation)) {
      throw new Problem('operation-ended', { detail: `the operation is ${operation.status}` });
    }
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, operationView(operation));
  };
}

export function isOver({ status }: JobOperation): boolean {
  return status === 'completed' || status === 'cancelled';
}

export function idOf(req: Request): string {
  const id = String(req.params['id']).toLowerCase();
  if (!isId(id)) throw noSuchOperation();
  return id;
}

export function found<Operation extends JobOperation>(operation: Operation | undefined): Operation {
  if (operation === undefined) throw noSuchOperation();
  return operation;
}

function noSuchOperation(): Problem {
  return new Problem('operation-not-found', { detail: 'no operation has this id' });
}
