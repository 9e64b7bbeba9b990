import { isTerminal, type JobStatus } from '@jobstream/domain';
import { operationKinds, type OperationKind } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import { bodyDecoder, fieldOf, findJsonFaults } from '../../http/decodeBody.ts';
import type { FieldError } from '../../problems/problem.ts';
import { MAX_BULK_JOBS, statusesOf } from '../change/bulkRequest.ts';
import { OperationFilter, operationFilterErrors, statusesNamed } from './operationFilter.ts';

const MAX_RATE = 10_000;

const fields = {
  filter: OperationFilter.annotateKey({ description: 'The jobs, as in a list; or `"all": true`.' }),
  patch: Schema.optionalKey(Schema.Unknown).annotateKey({
    description: 'A JSON merge patch (RFC 7396) for the payloads of replayed or retried jobs.',
  }),
  rate: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_RATE }))).annotateKey({
    description: 'Jobs a second. Without it, as fast as the log accepts them.',
  }),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_BULK_JOBS }))).annotateKey({
    description: 'Only the newest jobs. Without it, a filter that matches too many is rejected.',
  }),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
  dryRun: Schema.optionalKey(Schema.Boolean).annotateKey({ description: 'Only counts the jobs.' }),
};

/** The body of `POST /api/jobs/replay`. */
export const ReplayRequest = Schema.Struct(fields);

/** The body of `POST /api/operations`. */
export const OperationRequest = Schema.Struct({ kind: Schema.Literals(operationKinds), ...fields });

/** A decoded request. */
export interface OperationPlan {
  readonly kind: OperationKind;
  readonly filter: typeof OperationFilter.Type;
  readonly statuses: readonly JobStatus[];
  readonly limit?: number | undefined;
  readonly patch?: unknown;
  readonly rate: number | null;
  readonly reason: string | null;
  readonly dryRun: boolean;
}

/** The statuses of the jobs if the request names none. */
const defaultStatuses: Readonly<Record<OperationKind, readonly JobStatus[]>> = {
  cancel: statusesOf.CancelJob,
  retry: statusesOf.RequeueJob,
  replay: ['completed', 'failed', 'cancelled'],
};

const decodeReplay = bodyDecoder(ReplayRequest);
const decodeAny = bodyDecoder(OperationRequest);

/** Decodes a request. @throws Problem `invalid-request`, which lists all mistakes at once. */
export function decodeOperation(body: unknown, given?: OperationKind): OperationPlan {
  const kind = given ?? fieldOf(body, 'kind');
  const mistakes = [...mistakesIn(body, kind), ...findJsonFaults(body)];
  const request = given === undefined ? decodeAny(body, mistakes) : { kind: given, ...decodeReplay(body, mistakes) };
  const { filter, limit, rate = null, reason = null, dryRun = false } = request;
  const { status = defaultStatuses[request.kind] } = filter;
  const statuses = typeof status === 'string' ? [status] : status;
  const patch = 'patch' in request ? { patch: request.patch } : {};
  return { kind: request.kind, filter, statuses, limit, ...patch, rate, reason, dryRun };
}

function mistakesIn(body: unknown, kind: unknown): readonly FieldError[] {
  const filter = fieldOf(body, 'filter');
  const mistakes = [...operationFilterErrors(filter)];
  if (kind === 'cancel' && fieldOf(body, 'patch') !== undefined) {
    mistakes.push({ pointer: '/patch', detail: 'must be given for a replay or a retry only' });
  }
  if (kind === 'replay' && statusesNamed(filter).some(isOpen)) {
    mistakes.push({ pointer: '/filter/status', detail: 'must be completed, failed or cancelled' });
  }
  return mistakes;
}

function isOpen(status: unknown): boolean {
  const open: readonly unknown[] = statusesOf.CancelJob.filter((one) => !isTerminal(one));
  return open.includes(status);
}
