import { hash } from 'node:crypto';
import {
  canonicalJson,
  decide,
  encryptionOverhead,
  evolve,
  isRejection,
  type Job,
  JobId,
  type JobCommandOf,
  MAX_SIGNAL_BYTES,
  MAX_UNREAD_BYTES,
  Signal,
  SIGNALS_PROTOCOL,
  SignalName,
  uuidV8,
} from '@jobstream/domain';
import { decideAgain, isShredded, isUnreadable, type JobSnapshot } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import { requireProtocol } from '../../announcements/requireProtocol.ts';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, commandContext } from '../../auth/caller.ts';
import { entityTag } from '../../http/entityTag.ts';
import { bodyDecoder, findJsonFaults, invalidRequest } from '../../http/parsing/decodeBody.ts';
import { sendJson } from '../../http/sendJson.ts';
import { type PayloadWarning, unlessEmpty, warningsField } from '../../payloads/payloadWarning.ts';
import { SignalChecks } from '../../payloads/signalChecks.ts';
import { Problem } from '../../problems/problem.ts';
import { problemOfRejection } from '../../problems/toProblem.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { idempotencyKeyReused, readIdempotencyKey } from '../create/idempotency.ts';
import { jobIdOf, noSuchJob } from '../view/jobPath.ts';
import { jobView, JobView } from '../view/jobView.ts';

const SignalRequest = Schema.Struct({
  payload: Schema.optionalKey(Schema.Unknown).annotateKey({
    description: 'What the step gets that waits for the signal. Default null.',
  }),
});

const SignalledJobView = Schema.Struct({
  ...JobView.fields,
  signal: Schema.Struct({
    id: Signal.fields.id,
    name: Signal.fields.name,
    at: Signal.fields.at.annotateKey({
      description:
        'When it was stored; of one that is sent again after the log has lost its event: when a step has read it.',
    }),
  }),
  warnings: warningsField,
});

export const signalJobDocs: EndpointDocs = {
  id: 'signalJob',
  tag: 'jobs',
  summary: 'Send a signal to a job',
  description:
    'Stores a signal for a step that waits for it now or later: one that comes before its step waits for it. The job must not have ended. ' +
    'Name and payload are checked against what the workers of the type have announced. With an `Idempotency-Key`, the request can be ' +
    'repeated safely: the job gets one signal for it, also after a step has read it.',
  path: Schema.Struct({ id: JobId, name: SignalName }),
  headers: ['Idempotency-Key'],
  body: {
    required: false,
    content: jsonContent(SignalRequest, { 'with a payload': { payload: { by: 'ann@example.com' } } }),
  },
  responses: {
    202: {
      description: 'The signal is stored. The job, and the signal without its payload.',
      headers: ['ETag', 'Idempotent-Replayed'],
      content: jsonContent(SignalledJobView),
    },
  },
  problems: [
    'job-not-found',
    'signal-not-found',
    'illegal-transition',
    'too-many-signals',
    'too-many-signal-types',
    'idempotency-key-reused',
    'upgrade-unfinished',
    'job-unreadable',
    'job-changed',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'deadline-exceeded',
  ],
};

/** The signal that a request asks for. */
interface Asked {
  readonly command: JobCommandOf<'SignalJob'>;
  /** Whether its id follows from a key. */
  readonly hasKey: boolean;
  readonly namesProcesses: boolean;
}

interface Signalled {
  readonly job: Job;
  readonly signal: Pick<Signal, 'id' | 'name' | 'at'>;
  readonly warnings: readonly PayloadWarning[];
  readonly isRepeated?: boolean;
}

/** `POST /api/jobs/:id/signals/:name`: stores a signal, once for an idempotency key. Its message calls for work itself. */
export function signalJob(deps: ApiDeps): RequestHandler {
  const checks = new SignalChecks(deps);
  return async (req, res) => {
    const id = jobIdOf(req, res);
    const asked = askedFor(req, res, { id, now: deps.log.clock.now() });
    const signalled = await decideAgain(async () => {
      const snapshot = await deps.log.readJob(id);
      if (snapshot === undefined) throw noSuchJob();
      return (await repeated(asked, snapshot, deps)) ?? append(asked, snapshot, { checks, deps });
    });
    respond(res, signalled, deps);
  };
}

/** @throws Problem `signal-not-found`, `invalid-header`, `invalid-request`, `payload-too-large`. */
function askedFor(req: Request, res: Response, { id, now }: { readonly id: string; readonly now: number }): Asked {
  const name = String(req.params['name']);
  const key = readIdempotencyKey(req);
  const { payload = null } = decodeRequest(req);
  limitSignal(payload);
  const context = commandContext(res, now);
  const eventId = key === undefined ? context.eventId : uuidV8(hash('sha256', `${id} ${key}`));
  const command = { ...context, eventId, kind: 'SignalJob', name, payload } as const;
  return { command, hasKey: key !== undefined, namesProcesses: callerOf(res).tenant === undefined };
}

const decodeSignal = bodyDecoder(SignalRequest);

function decodeRequest({ body }: Request): typeof SignalRequest.Type {
  return body === undefined ? {} : decodeSignal(body, findJsonFaults(body));
}

function limitSignal(payload: unknown): void {
  const bytes = bytesOf(payload);
  if (bytes <= MAX_SIGNAL_BYTES) return;
  const detail = `the payload has ${bytes} bytes, at most ${MAX_SIGNAL_BYTES} are accepted`;
  throw new Problem('payload-too-large', { detail, errors: [{ pointer: '/payload', detail: 'is too large' }] });
}

/** What was stored for an earlier request with the same key; undefined if there was none. */
async function repeated(
  { command, hasKey }: Asked,
  snapshot: JobSnapshot,
  { log }: ApiDeps,
): Promise<Signalled | undefined> {
  const stored = hasKey ? await storedSignal(command.eventId, snapshot, log) : undefined;
  if (stored === undefined) return undefined;
  const { payload, ...signal } = stored;
  if (signal.name !== command.name || !isSame(payload, command.payload)) throw idempotencyKeyReused();
  return { job: snapshot.job, signal, warnings: [], isRepeated: true };
}

type StoredSignal = Omit<Signal, 'payload'> & { readonly payload?: unknown };

/** The signal with this id that the job has unread, that is in its events, or that one of its steps has read. */
async function storedSignal(
  id: string,
  { job, signals = [], steps = [], sequences }: JobSnapshot,
  log: ApiDeps['log'],
): Promise<StoredSignal | undefined> {
  const unread = signals.find((signal) => signal.id === id);
  if (unread !== undefined) return unread;
  const logged = sequences?.has(id) === true ? await loggedSignal(id, job.id, log) : undefined;
  const step = steps.find(({ signal }) => signal?.id === id);
  return logged ?? (step?.signal && { ...step.signal, at: step.at });
}

async function loggedSignal(id: string, jobId: string, log: ApiDeps['log']): Promise<Signal | undefined> {
  for (const { event } of await log.readHistory(jobId))
    if (event.event === 'JobSignalled' && event.id === id) return { id, ...event.data, at: event.at };
  return undefined;
}

/** As far as the payload is known. */
function isSame(stored: unknown, payload: unknown): boolean {
  if (stored === undefined || isShredded(stored) || isUnreadable(stored)) return true;
  return canonicalJson(stored) === canonicalJson(payload);
}

interface Appending {
  readonly checks: SignalChecks;
  readonly deps: ApiDeps;
}

async function append({ command, namesProcesses }: Asked, snapshot: JobSnapshot, { checks, deps }: Appending) {
  const { job, sequence } = snapshot;
  const { log } = deps;
  const warnings = accepted(checks.check({ type: job.type, name: command.name, payload: command.payload }));
  const decision = decide(command, job);
  if (isRejection(decision)) throw problemOfRejection(decision);
  if (isShredded(job.payload)) throw erased(job);
  assertRoom(command, snapshot, log.contents.isEncrypting);
  await requireProtocol({ protocol: SIGNALS_PROTOCOL, what: decision.event, namesProcesses }, { log });
  await log.lanes.open(job.type, 'signalled');
  await log.append(decision, sequence);
  const { eventId: id, name, at } = command;
  return { job: evolve(job, decision) ?? job, signal: { id, name, at }, warnings };
}

/** @throws Problem `signal-not-found`, `invalid-request`. */
function accepted(verdict: ReturnType<SignalChecks['check']>): readonly PayloadWarning[] {
  if (verdict.kind === 'unknown-name') throw new Problem('signal-not-found', { detail: verdict.detail });
  if (verdict.errors.length > 0) throw invalidRequest(verdict.errors);
  return verdict.warnings;
}

/** The key that would encrypt the signal is destroyed. */
function erased({ status }: Job): Problem {
  return new Problem('illegal-transition', { detail: `the job is ${status}, and its contents were erased` });
}

/** @throws Problem `too-many-signals`: a job is carried with all of them in one message. */
function assertRoom(command: JobCommandOf<'SignalJob'>, { signals = [] }: JobSnapshot, isEncrypting: boolean): void {
  const { eventId: id, name, payload, at } = command;
  const storedBytes = (signal: Signal) =>
    bytesOf(signal) + (isEncrypting ? encryptionOverhead(bytesOf(signal.payload)) : 0);
  const bytes = [...signals, { id, name, payload, at }].reduce((sum, signal) => sum + storedBytes(signal), 0);
  if (bytes <= MAX_UNREAD_BYTES) return;
  const detail = `with this one the signals that no step has read would have ${bytes} bytes, at most ${MAX_UNREAD_BYTES} are kept`;
  throw new Problem('too-many-signals', { detail });
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function respond(res: Response, { job, signal, warnings, isRepeated = false }: Signalled, deps: ApiDeps): void {
  deps.servedVersions.record(job);
  res.setHeader('ETag', entityTag(job.version));
  if (isRepeated) res.setHeader('Idempotent-Replayed', 'true');
  sendJson(res, 202, { ...jobView(job), signal, warnings: unlessEmpty(warnings) });
}
