import {
  creationEvent,
  identityOfKey,
  isIdempotencyKey,
  isSameRequest,
  KEY_RULE,
  type NewJob,
} from '@jobstream/creation';
import { fold, type JobStatus } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { commandContext } from '../../auth/caller.ts';
import { parseJson } from '../../http/parsing/parseJson.ts';
import { type PayloadWarning, unlessEmpty } from '../../payloads/payloadWarning.ts';
import { type FieldError, Problem } from '../../problems/problem.ts';
import { problemType } from '../../problems/problemTypes.ts';
import { toProblem } from '../../problems/toProblem.ts';
import { appendCheckedJob, existingJob } from '../create/appendCheckedJob.ts';
import { decodeCreateJob, limitPayload } from '../create/createJobRequest.ts';
import { requireUnderstood } from '../create/requireUnderstood.ts';
import type { Line } from './readLines.ts';

/** Bytes of one UTF-16 code unit, in which the length of a string is counted. */
const MAX_UTF8_BYTES = 3;

/** The outcome of a line. */
export type LineOutcome =
  | {
      readonly line: number;
      readonly id: string;
      readonly status: JobStatus;
      readonly replayed?: true;
      readonly existing?: true;
      readonly revised?: true | undefined;
      readonly warnings?: readonly PayloadWarning[] | undefined;
    }
  | { readonly line: number; readonly errors: readonly FieldError[]; readonly stop?: string };

/** Creates the job of a line; never rejects. `stop` is set when further lines would fail as well. */
export async function importLine(line: Line, res: Response, deps: ApiDeps): Promise<LineOutcome> {
  try {
    const order = orderOf(line, res, deps);
    await requireUnderstood([order.request], res, deps);
    return await create(line, order, deps);
  } catch (error) {
    return failure(line, toProblem(error), deps);
  }
}

function orderOf({ text, fault }: Line, res: Response, { log, announced }: ApiDeps): NewJob {
  if (fault !== undefined) throw mistake('', fault);
  const now = log.clock.now();
  const { idempotencyKey, ...body } = parse(text);
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) throw mistake('/idempotencyKey', KEY_RULE);
  const request = decodeCreateJob(body, now);
  limitPayload(text.length * MAX_UTF8_BYTES, request.payload);
  const identity = idempotencyKey === undefined ? { jobId: newId() } : identityOfKey(idempotencyKey, body);
  return { request, identity, definition: announced.definition(request.type), context: commandContext(res, now) };
}

function parse(text: string): { readonly idempotencyKey?: unknown } {
  const value = valueOf(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw mistake('', 'must be an object');
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw error instanceof Problem && error.errors !== undefined ? error : mistake('', 'must be JSON');
  }
}

async function create({ number }: Line, order: NewJob, deps: ApiDeps): Promise<LineOutcome> {
  const { errors, warnings } = deps.payloads.check({ ...order.request, tenant: order.context.tenant, isNew: true });
  const event = creationEvent(order);
  const creation = await appendCheckedJob(event, { errors, onConflict: order.request.unique?.onConflict }, deps);
  if (creation.kind === 'held') {
    const { job, revised } = creation.holder;
    const { id, status } = job;
    return { line: number, id, status, existing: true, revised, warnings: unlessEmpty(warnings) };
  }
  if (creation.kind === 'created') {
    const status = fold([event])?.status ?? 'pending';
    return { line: number, id: event.jobId, status, warnings: unlessEmpty(warnings) };
  }
  const job = await existingJob(event.jobId, deps);
  if (isSameRequest(job, order.identity)) {
    return { line: number, id: job.id, status: job.status, replayed: true, warnings: unlessEmpty(warnings) };
  }
  throw mistake('/idempotencyKey', 'belongs to a job with another body');
}

function failure({ number }: Line, problem: Problem, { logger }: ApiDeps): LineOutcome {
  const { status, title } = problemType(problem.code);
  if (status === 500) logger.error({ err: problem.cause, line: number }, 'import of a line failed');
  const errors = problem.errors ?? [{ pointer: '', detail: title }];
  return { line: number, errors, ...(status === 503 ? { stop: title } : {}) };
}

function mistake(pointer: string, detail: string): Problem {
  return new Problem('invalid-request', { errors: [{ pointer, detail }] });
}
