import { hash, randomUUIDv7 } from 'node:crypto';
import { canonicalJson } from '@jobstream/creation';
import { uuidV8 } from '@jobstream/domain';
import {
  type JobOperation,
  type JobSelection,
  type NewOperation,
  type OperationKind,
  TooManyJobsError,
} from '@jobstream/readmodel';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { nameSubject } from '../../audit/auditedChange.ts';
import { callerOf } from '../../auth/caller.ts';
import { invalidRequest } from '../../http/decodeBody.ts';
import { sendJson } from '../../http/sendJson.ts';
import { MAX_BULK_JOBS } from '../change/bulkRequest.ts';
import { idempotencyKeyReused, readIdempotencyKey } from '../create/idempotency.ts';
import { conditionsOf } from './operationFilter.ts';
import { decodeOperation, type OperationPlan } from './operationRequest.ts';
import { operationView } from './operationView.ts';

/** `POST /api/operations`, and `POST /api/jobs/replay` with a given kind: accepts an operation, or counts its jobs. */
export function acceptOperation(deps: ApiDeps, kind?: OperationKind): RequestHandler {
  return async (req, res) => {
    const plan = decodeOperation(req.body, kind);
    const selection = await selectionOf(res, plan, deps);
    if (plan.dryRun) return sendCount(selection, res, deps);
    const operation = newOperation(req, res, plan);
    const accepted = await accept(operation, selection, deps);
    if (accepted !== undefined) return respond(res, 202, accepted);
    const earlier = await deps.operations.read(operation.id);
    if (earlier === undefined || earlier.fingerprint !== operation.fingerprint) throw idempotencyKeyReused();
    res.setHeader('Idempotent-Replayed', 'true');
    respond(res, 200, earlier);
  };
}

async function selectionOf(
  res: Response,
  { filter, statuses, limit }: OperationPlan,
  deps: ApiDeps,
): Promise<JobSelection> {
  return { filter: { ...(await conditionsOf(filter, deps)), tenant: callerOf(res).tenant }, statuses, limit };
}

async function sendCount({ filter, statuses, limit = MAX_BULK_JOBS }: JobSelection, res: Response, { table }: ApiDeps) {
  const groups = await table.countMatchingByType({ ...filter, status: statuses }, limit);
  sendJson(res, 200, { dryRun: true, matched: groups.reduce((sum, { count }) => sum + count, 0), groups });
}

function newOperation(req: Request, res: Response, plan: OperationPlan): NewOperation {
  const { actor, tenant = null } = callerOf(res);
  const { kind, filter, rate, reason } = plan;
  const patch = 'patch' in plan ? { patch: plan.patch } : {};
  return { ...identityOf(req, { kind, tenant }), kind, tenant, actor, reason, filter, ...patch, rate };
}

/** With an `Idempotency-Key` the id follows from the key, which each tenant has for itself. */
function identityOf(
  req: Request,
  { kind, tenant }: Pick<NewOperation, 'kind' | 'tenant'>,
): Pick<NewOperation, 'id' | 'fingerprint'> {
  const key = readIdempotencyKey(req);
  if (key === undefined) return { id: randomUUIDv7(), fingerprint: null };
  const fingerprint = hash('sha256', canonicalJson([kind, req.body]));
  return { id: uuidV8(hash('sha256', `operation\0${tenant ?? ''}\0${key}`)), fingerprint };
}

async function accept(
  operation: NewOperation,
  selection: JobSelection,
  { operations }: ApiDeps,
): Promise<JobOperation | undefined> {
  try {
    return await operations.accept(operation, selection);
  } catch (error) {
    if (!(error instanceof TooManyJobsError)) throw error;
    throw invalidRequest([{ pointer: '/filter', detail: `${error.message}: narrow it, or set a limit` }]);
  }
}

function respond(res: Response, status: number, operation: JobOperation): void {
  nameSubject(res, operation.id);
  res.setHeader('Location', `/api/operations/${operation.id}`);
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, status, operationView(operation));
}
