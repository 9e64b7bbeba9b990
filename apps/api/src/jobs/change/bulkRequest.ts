import { JobStatus, JobType, Priority } from '@jobstream/domain';
import type { JobFilter } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import { bodyDecoder } from '../../http/parsing/decodeBody.ts';
import { Instant } from '@jobstream/creation';
import type { FieldError } from '../../problems/problem.ts';
import type { ChangeCommand } from './applyCommand.ts';

/** The maximum number of jobs that one request changes. */
export const MAX_BULK_JOBS = 100_000;
const DEFAULT_LIMIT = 1_000;

/** The fields by which requests choose jobs. */
const filterFields = {
  type: Schema.optionalKey(JobType),
  status: Schema.optionalKey(JobStatus),
  tag: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 128))),
  createdAfter: Schema.optionalKey(Instant),
  createdBefore: Schema.optionalKey(Instant),
};

/** The body of `POST /api/jobs/cancel` and `POST /api/jobs/retry`. */
export const BulkRequest = Schema.Struct({
  ...filterFields,
  all: Schema.optionalKey(Schema.Boolean),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_BULK_JOBS }))),
  dryRun: Schema.optionalKey(Schema.Boolean),
});

/** The body of `POST /api/jobs/priority`. */
export const PriorityBulkRequest = Schema.Struct({ ...BulkRequest.fields, priority: Priority });

/** A decoded request: the jobs of a filter in each status, in this order, together at most `limit`. */
export interface BulkPlan {
  readonly command: ChangeCommand['kind'];
  /** Where the command is to change it. */
  readonly priority?: Priority;
  readonly reason?: string;
  readonly filter: Omit<JobFilter, 'status'>;
  readonly statuses: readonly JobStatus[];
  readonly limit: number;
  readonly dryRun: boolean;
}

/**
 * The default statuses, in the order of a job's life, so that a job that moves on is met later rather than missed.
 *
 * Cancelled jobs are retried only if the request names that status.
 */
export const statusesOf: Readonly<Record<ChangeCommand['kind'], readonly JobStatus[]>> = {
  CancelJob: ['scheduled', 'pending', 'processing', 'waiting', 'retrying'],
  RequeueJob: ['failed'],
  ChangePriority: ['scheduled', 'pending', 'retrying'],
};

const decode = bodyDecoder(BulkRequest);
const decodePriority = bodyDecoder(PriorityBulkRequest);

/**
 * Decodes a request.
 *
 * @throws Problem `invalid-request`, which lists all mistakes at once.
 */
export function decodeBulkRequest(body: unknown, command: ChangeCommand['kind']): BulkPlan {
  const faults = filterErrors(body);
  const { priority, ...request } =
    command === 'ChangePriority' ? decodePriority(body, faults) : { ...decode(body, faults), priority: undefined };
  const { all: _all, reason, limit = DEFAULT_LIMIT, dryRun = false, status, ...filter } = request;
  const statuses = status === undefined ? statusesOf[command] : [status];
  const given = { ...(reason === undefined ? {} : { reason }), ...(priority === undefined ? {} : { priority }) };
  return { command, filter, statuses, limit, dryRun, ...given };
}

const ownFilter = { place: '', fields: Object.keys(filterFields) };

/** The mistakes in what should choose jobs, at `place`: a missing filter must not mean all of them. */
export function filterErrors(
  body: unknown,
  { place, fields }: { readonly place: string; readonly fields: readonly string[] } = ownFilter,
): readonly FieldError[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  const filtered = fields.some((field) => field in body);
  const all = 'all' in body && body.all === true;
  if (filtered && all) return [{ pointer: `${place}/all`, detail: 'must not be given together with a filter' }];
  if (filtered || all) return [];
  return [{ pointer: place, detail: `must have one of ${fields.join(', ')}, or "all": true` }];
}
