import { isTerminal, type JobStatus } from '@jobstream/domain';
import { operationKinds, type OperationKind } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import { bodyDecoder, fieldOf, findJsonFaults } from '../../http/parsing/decodeBody.ts';
import type { FieldError } from '../../problems/problem.ts';
import { MAX_BULK_JOBS, statusesOf } from '../change/bulkRequest.ts';
import { OperationFilter, operationFilterErrors, statusesNamed } from './operationFilter.ts';
import type { PayloadChange } from './payloads/payloadChange.ts';

const MAX_RATE = 10_000;
const MAX_EDITS = 20;
/** A dry run shows what becomes of one of the newest so many jobs. */
const MAX_SAMPLES = 20;

const Pointer = Schema.String.check(
  Schema.isPattern(/^(?:\/(?:[^/~]|~[01])*)+$/u, {
    expected: 'a JSON pointer (RFC 6901) to a field, such as /customer/id',
  }),
  Schema.isMaxLength(500),
);

const PayloadEdit = Schema.Union([
  Schema.Struct({ op: Schema.Literal('rename'), path: Pointer, to: Pointer }),
  Schema.Struct({ op: Schema.Literal('setIfMissing'), path: Pointer, value: Schema.Unknown }),
  Schema.Struct({ op: Schema.Literal('remove'), path: Pointer }),
]).annotate({ identifier: 'PayloadEdit' });

const fields = {
  filter: OperationFilter.annotateKey({ description: 'The jobs, as in a list; or `"all": true`.' }),
  patch: Schema.optionalKey(Schema.Unknown).annotateKey({
    description: 'A JSON merge patch (RFC 7396) for the payloads of replayed or retried jobs.',
  }),
  edits: Schema.optionalKey(Schema.Array(PayloadEdit).check(Schema.isBetweenLength(1, MAX_EDITS))).annotateKey({
    description:
      'Changes of single fields of these payloads, made one after the other, before the patch. None of them replaces what a job has: a field that is missing is not renamed or removed, one that is there is not set, and a job that has a field of the new name already fails.',
  }),
  rate: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_RATE }))).annotateKey({
    description: 'Jobs a second. Without it, as fast as the log accepts them.',
  }),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_BULK_JOBS }))).annotateKey({
    description: 'Only the newest jobs. Without it, a filter that matches too many is rejected.',
  }),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
  paused: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      'Accepted, but begun only when it is resumed: see what its patch would replace first. Cancelled after a day without.',
  }),
  dryRun: Schema.optionalKey(Schema.Boolean).annotateKey({ description: 'Only counts the jobs.' }),
  sample: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_SAMPLES - 1 }))).annotateKey({
    description:
      'Of a dry run of a replay or a retry: shows the payload of a job before and after; 0 is the newest. Needs the scope `jobs:read`.',
  }),
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
  readonly change?: PayloadChange;
  readonly rate: number | null;
  readonly reason: string | null;
  /** Whether it begins only when it is resumed. */
  readonly paused: boolean;
  readonly dryRun: boolean;
  readonly sample?: number | undefined;
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
  const { filter, limit, rate = null, reason = null, paused = false, dryRun = false, sample } = request;
  const { status = defaultStatuses[request.kind] } = filter;
  const statuses = typeof status === 'string' ? [status] : status;
  const { kind: asked } = request;
  return { kind: asked, filter, statuses, limit, ...changeOf(request), rate, reason, paused, dryRun, sample };
}

function changeOf(request: PayloadChange): Pick<OperationPlan, 'change'> {
  const edits = request.edits === undefined ? {} : { edits: request.edits };
  const patch = 'patch' in request ? { patch: request.patch } : {};
  const change = { ...edits, ...patch };
  return Object.keys(change).length === 0 ? {} : { change };
}

function mistakesIn(body: unknown, kind: unknown): readonly FieldError[] {
  const filter = fieldOf(body, 'filter');
  const mistakes = [...operationFilterErrors(filter)];
  const ofPayloads = kind === 'cancel' ? ['patch', 'edits', 'sample'] : [];
  for (const name of ofPayloads.filter((one) => fieldOf(body, one) !== undefined)) {
    mistakes.push({ pointer: `/${name}`, detail: 'must be given for a replay or a retry only' });
  }
  if (fieldOf(body, 'sample') !== undefined && fieldOf(body, 'dryRun') !== true) {
    mistakes.push({ pointer: '/sample', detail: 'must be given with "dryRun": true only' });
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
