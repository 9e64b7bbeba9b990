import { createHash, randomUUID } from 'node:crypto';
import {
  checkPayload,
  InvalidRequestError,
  PayloadError,
  type EnqueueOptions,
  type Job,
  type JobDefinition,
  type Priority,
} from '@jobstream/client';
import {
  decide,
  decodeJobEvent,
  dueTimeFaults,
  encodeJobEvent,
  isRejection,
  jobSettings,
  MAX_PAYLOAD_BYTES,
  uniqueFaults,
  uniqueMistake,
  uuidV8,
  type JobEvent,
  type NewJobRequest,
} from '@jobstream/worker/test-engine';

const PRIORITIES: readonly unknown[] = ['high', 'normal', 'low'] satisfies readonly Priority[];

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** A job to create: what `enqueue` is given. */
export interface NewJob {
  readonly definition: JobDefinition;
  readonly payload: unknown;
  readonly options: EnqueueOptions;
  /** The name of the schedule whose tick creates it. */
  readonly schedule?: string;
  /** The job that it repeats, and why. */
  readonly origin?: { readonly rerunOf: string; readonly reason?: string };
}

/**
 * Returns the JobCreated of a new job, after the checks of the client and those of the API. With an idempotency key its id
 * and its fingerprint are made of the key and the request.
 *
 * @param now in milliseconds since 1970.
 * @throws PayloadError, InvalidRequestError
 */
export async function creationOf(job: NewJob, now: number): Promise<JobEvent> {
  const { definition, payload, options, schedule, origin } = job;
  await checkPayload(definition, payload);
  const { idempotencyKey, signal: _signal, ...settings } = options;
  // What is sent to an API is JSON.
  const sent = { ...definition.defaults, ...settings, type: definition.type, payload };
  const request = JSON.parse(JSON.stringify(sent)) as NewJobRequest;
  refuse([
    ...dueTimeFaults(request, now),
    ...sizeFaults(request),
    ...priorityFaults(request.priority),
    ...ruleFaults(request),
  ]);
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: randomUUID(),
      at: new Date(now).toISOString(),
      actor: schedule === undefined ? { kind: 'user', id: 'test' } : { kind: 'scheduler', id: schedule },
      ...identityOf(idempotencyKey, { ...request, ...origin }),
      ...origin,
      ...jobSettings(request, now),
    },
    undefined,
  );
  if (isRejection(decision)) throw invalid([{ pointer: '', detail: decision.detail }]);
  return readable(decision);
}

function identityOf(key: string | undefined, request: object) {
  if (key === undefined) return { jobId: randomUUID() };
  const digest = sha256(key);
  return { jobId: uuidV8(digest), idempotencyKey: digest, fingerprint: sha256(JSON.stringify(request)) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sizeFaults({ payload = null }: NewJobRequest): readonly Fault[] {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= MAX_PAYLOAD_BYTES) return [];
  return [{ pointer: '/payload', detail: `has ${bytes} bytes, at most ${MAX_PAYLOAD_BYTES} are accepted` }];
}

function priorityFaults(priority: unknown): readonly Fault[] {
  if (priority === undefined || PRIORITIES.includes(priority)) return [];
  return [{ pointer: '/priority', detail: 'must be "high" | "normal" | "low"' }];
}

/** @throws InvalidRequestError for what is no priority. */
export function assertPriority(priority: Priority): void {
  refuse(priorityFaults(priority ?? null));
}

/** The options for a job like an earlier one, as far as `given` has no others. */
export function optionsLike(
  { maxAttempts, backoff, timeoutMs, tags, unique, priority }: Job,
  given: EnqueueOptions,
): EnqueueOptions {
  return { maxAttempts, backoff, timeoutMs, tags, ...(unique && { unique }), ...(priority && { priority }), ...given };
}

function ruleFaults(request: NewJobRequest): readonly Fault[] {
  const mistake = uniqueMistake(request.unique);
  return mistake === undefined ? uniqueFaults(request) : [{ pointer: '/unique', detail: oneLine(mistake) }];
}

/**
 * Returns a payload for a job that exists, as it is sent to an API: checked as those of new jobs, but by the API.
 *
 * @throws InvalidRequestError
 */
export async function changedPayload(definition: JobDefinition, payload: unknown): Promise<unknown> {
  await checkPayload(definition, payload).catch((error: unknown) => {
    throw error instanceof PayloadError ? invalid(error.issues) : error;
  });
  refuse(sizeFaults({ type: definition.type, payload }));
  return JSON.parse(JSON.stringify(payload)) as unknown;
}

/** The schema of the log has the limits of all settings. */
function readable(event: JobEvent): JobEvent {
  const decoded = decodeJobEvent(encodeJobEvent(event));
  if (decoded.kind !== 'event') throw invalid([{ pointer: '', detail: oneLine(decoded.reason) }]);
  return decoded.event;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw invalid(faults);
}

/** The error of a client whose request the API refuses. */
export function invalid(errors: readonly Fault[]): InvalidRequestError {
  const message = `invalid job: ${errors.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join('; ')}`;
  const type = 'urn:jobstream:problem:invalid-request';
  return new InvalidRequestError(message, { status: 422, problem: { type, title: message, status: 422, errors } });
}
