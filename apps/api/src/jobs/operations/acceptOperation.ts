import { hash } from 'node:crypto';
import { canonicalJson } from '@jobstream/domain';
import { uuidV8 } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
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
import { callerOf, may } from '../../auth/caller.ts';
import { insufficientScope } from '../../auth/challenge.ts';
import { invalidRequest } from '../../http/parsing/decodeBody.ts';
import { sendJson } from '../../http/sendJson.ts';
import { MAX_BULK_JOBS } from '../change/bulkRequest.ts';
import { idempotencyKeyReused, readIdempotencyKey } from '../create/idempotency.ts';
import { isOfRequest, sealContents, withoutValues } from './operationContents.ts';
import { conditionsOf } from './operationFilter.ts';
import { decodeOperation, type OperationPlan } from './operationRequest.ts';
import { operationView } from './operationView.ts';
import { changedPaths } from './payloads/payloadChange.ts';
import { samplePayload } from './samplePayload.ts';

/** `POST /api/operations`, and `POST /api/jobs/replay` with a given kind: accepts an operation, or counts its jobs. */
export function acceptOperation(deps: ApiDeps, kind?: OperationKind): RequestHandler {
  return async (req, res) => {
    const plan = decodeOperation(req.body, kind);
    const selection = await selectionOf(res, plan, deps);
    if (plan.dryRun) return sendCount(plan, selection, res, deps);
    const { fingerprint, ...operation } = newOperation(req, res, plan);
    const contents = () => sealContents({ fingerprint, change: plan.change }, deps.log);
    const accepted = await deps.operations.accept({ operation, selection, contents }).catch(orTooManyJobs);
    if (accepted !== undefined) return respond(res, 202, accepted);
    const earlier = await deps.operations.read(operation.id);
    if (earlier === undefined || !(await isOfRequest(earlier, fingerprint, deps.log))) throw idempotencyKeyReused();
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

async function sendCount(plan: OperationPlan, selection: JobSelection, res: Response, deps: ApiDeps) {
  if (plan.sample !== undefined && !may(callerOf(res), 'jobs:read')) throw insufficientScope('jobs:read');
  const { filter, statuses, limit = MAX_BULK_JOBS } = selection;
  const groups = await deps.table.countMatchingByType({ ...filter, status: statuses }, limit);
  const matched = groups.reduce((sum, { count }) => sum + count, 0);
  sendJson(res, 200, { dryRun: true, matched, groups, sample: await samplePayload(plan, selection, deps) });
}

function newOperation(req: Request, res: Response, plan: OperationPlan): NewOperation & Identity {
  const { actor, tenant = null } = callerOf(res);
  const { kind, change, rate, reason, paused } = plan;
  const patched = change === undefined ? {} : { patched: changedPaths(change) };
  const filter = withoutValues(plan.filter);
  const status = paused ? 'paused' : 'running';
  return { ...identityOf(req, { kind, tenant }), kind, status, tenant, actor, reason, filter, ...patched, rate };
}

interface Identity {
  readonly id: string;
  /** Of the body, where the request has a key. */
  readonly fingerprint: string | null;
}

/** With an `Idempotency-Key` the id follows from the key, which each tenant has for itself. */
function identityOf(req: Request, { kind, tenant }: Pick<NewOperation, 'kind' | 'tenant'>): Identity {
  const key = readIdempotencyKey(req);
  if (key === undefined) return { id: newId(), fingerprint: null };
  const fingerprint = hash('sha256', canonicalJson([kind, req.body]));
  return { id: uuidV8(hash('sha256', `operation\0${tenant ?? ''}\0${key}`)), fingerprint };
}

function orTooManyJobs(error: unknown): never {
  if (!(error instanceof TooManyJobsError)) throw error;
  throw invalidRequest([{ pointer: '/filter', detail: `${error.message}: narrow it, or set a limit` }]);
}

function respond(res: Response, status: number, operation: JobOperation): void {
  nameSubject(res, operation.id);
  res.setHeader('Location', `/api/operations/${operation.id}`);
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, status, operationView(operation));
}
