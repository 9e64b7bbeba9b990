import { isDeepStrictEqual } from 'node:util';
import { carries, creations, type LoggedEvent, requeues, runStarts } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** The judge's own idea of a job, in the columns of the table. */
export interface JudgedJob {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_sequence: number;
  readonly [column: string]: unknown;
}

export interface Replay {
  readonly job: JudgedJob | undefined;
  readonly violations: readonly Violation[];
}

type Columns = Record<string, unknown>;

/** From docs/job-lifecycle.md: in which statuses an event may come. */
const mayComeIn: Readonly<Record<string, readonly string[]>> = {
  JobStarted: ['scheduled', 'pending', 'processing', 'retrying'],
  JobProgressed: ['processing'],
  JobStepsRecorded: ['processing'],
  JobSuspended: ['processing'],
  JobResumed: ['waiting'],
  JobCompleted: ['processing'],
  JobRetryScheduled: ['processing'],
  JobFailed: ['processing'],
  JobReleased: ['processing'],
  JobCancelled: ['scheduled', 'pending', 'processing', 'waiting', 'retrying'],
  JobRequeued: ['failed', 'cancelled'],
  JobRequeuedWithPriority: ['failed', 'cancelled'],
  JobPriorityChanged: ['scheduled', 'pending', 'retrying'],
  JobSignalled: ['scheduled', 'pending', 'processing', 'waiting', 'retrying'],
  JobDueNow: ['scheduled', 'retrying'],
  JobPayloadChanged: ['failed', 'cancelled'],
  JobRevised: ['scheduled', 'pending'],
  JobCarried: ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'],
  JobCarriedWithSteps: ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'],
  JobCarriedWaiting: ['waiting'],
};

/** How well a busy process can know the time of the server. */
const PRECISION_MS = 100;

const ends = new Set(['JobCompleted', 'JobFailed', 'JobCancelled']);

/** Goes through a job's history with the published rules, and says where it breaks them and what the job is at the end. */
export function replay(jobId: string, history: readonly LoggedEvent[]): Replay {
  const violations: Violation[] = [];
  let job: JudgedJob | undefined;
  let endsSinceRequeue = 0;
  const results = new Set<string>();
  for (const event of history) {
    if (requeues.includes(event.event)) endsSinceRequeue = 0;
    if (ends.has(event.event) && ++endsSinceRequeue === 2) violations.push(of('terminals', event));
    const wrong = objection(job, event);
    if (wrong === undefined) {
      if (startsEarly(job, event)) violations.push(of('early', event));
      violations.push(...repeatedSteps(event, results));
      job = job === undefined ? created(event) : after(job, event);
    } else violations.push({ rule: 'illegal', jobId, detail: `${event.event} at ${event.sequence}: ${wrong}` });
  }
  return { job, violations };
}

interface Step {
  readonly name: string;
  readonly key?: string;
  readonly error?: unknown;
  /** Of a wait for a signal: that which it has read, and its end in a record that says that it has begun. */
  readonly signal?: { readonly name: string };
  readonly waitsUntil?: string;
}

function stepsIn(data: LoggedEvent['data']): readonly Step[] {
  return (data['steps'] ?? []) as readonly Step[];
}

/** Notes the steps that have a result from now on, and says which had one before: those must not have run again. */
function repeatedSteps({ event, sequence, jobId, data }: LoggedEvent, results: Set<string>): readonly Violation[] {
  if (event === 'JobPayloadChanged' && data['keepSteps'] !== true) results.clear();
  if (event !== 'JobStepsRecorded') return [];
  const ids = stepsIn(data).flatMap(({ name, key, error, waitsUntil }) =>
    error === undefined && waitsUntil === undefined ? [`${name} ${key ?? ''}`] : [],
  );
  const repeated = ids.filter((id) => results.has(id));
  for (const id of ids) results.add(id);
  return repeated.map((id) => ({ rule: 'illegal', jobId, detail: `the step ${id} ran again at ${sequence}` }));
}

function of(rule: 'terminals' | 'early', { jobId, event, sequence }: LoggedEvent): Violation {
  return { rule, jobId, detail: `${event} at ${sequence}` };
}

function objection(job: JudgedJob | undefined, { event, data }: LoggedEvent): string | undefined {
  if (job === undefined) return creations.includes(event) ? undefined : 'the job was never created';
  if (mayComeIn[event]?.includes(job.status) !== true) return `the job is ${job.status}`;
  if (carries.includes(event)) return carryObjection(job, data);
  if (event === 'JobStepsRecorded' && data['from'] !== (job['steps_recorded'] ?? 0))
    return `steps from ${String(data['from'])}`;
  return data['attempt'] === undefined ? undefined : attemptObjection(job, event, Number(data['attempt']));
}

/** What a job is carried as, by the column that must say the same. */
const carriedFields = [
  ['status', 'status'],
  ['attempt', 'attempt'],
  ['payload', 'payload'],
  ['worker', 'worker'],
  ['error', 'error'],
  ['maxAttempts', 'max_attempts'],
  ['priority', 'priority'],
  ['stepsRecorded', 'steps_recorded'],
  ['ranMs', 'ran_ms'],
  ['awaits', 'awaits'],
] as const;
const carriedTimes = [
  ['createdAt', 'created_at'],
  ['runAt', 'run_at'],
  ['startedAt', 'started_at'],
  ['finishedAt', 'finished_at'],
] as const;

function carryObjection(job: JudgedJob, data: LoggedEvent['data']): string | undefined {
  const wrong = [
    ...carriedFields.filter(([field, column]) => !isSame(data[field], job[column])),
    ...carriedTimes.filter(([field, column]) => time(data[field]) !== job[column]),
  ];
  return wrong.length === 0 ? undefined : `it carries another ${wrong.map(([field]) => field).join(', ')}`;
}

/** A job without steps has none recorded, or 0. */
function isSame(carried: unknown, known: unknown): boolean {
  return isDeepStrictEqual(carried === 0 ? undefined : carried, known === 0 ? undefined : known);
}

function attemptObjection(job: JudgedJob, event: string, attempt: number): string | undefined {
  const wanted = event === 'JobStarted' ? job.attempt + 1 : job.attempt;
  if (attempt !== wanted) return `attempt ${attempt} instead of ${wanted}`;
  if (event === 'JobStarted' && wanted > job.max_attempts) return `attempt ${wanted} of ${job.max_attempts}`;
  if (event === 'JobRetryScheduled' && wanted >= job.max_attempts) return 'a retry after the last attempt';
  return undefined;
}

const waitsForTime = new Set(['scheduled', 'retrying', 'waiting']);

/** By the clock of the server alone: writers may be wrong about the time. */
function startsEarly(job: JudgedJob | undefined, { event, storedAt }: LoggedEvent): boolean {
  if (!runStarts.includes(event) || job === undefined || !waitsForTime.has(job.status)) return false;
  return storedAt + PRECISION_MS < Number(job['run_at']);
}

function created({ sequence, event, jobId, jobType, at, data }: LoggedEvent): JudgedJob {
  const runAt = time(data['runAt']);
  return {
    id: jobId,
    type: jobType,
    status: runAt !== undefined && runAt > at ? 'scheduled' : 'pending',
    payload: data['payload'],
    attempt: 0,
    max_attempts: Number(data['maxAttempts']),
    backoff: data['backoff'],
    timeout_ms: data['timeoutMs'],
    tags: data['tags'],
    rerun_of: data['rerunOf'],
    priority: event === 'JobCreatedWithPriority' ? data['priority'] : undefined,
    run_at: runAt,
    created_at: at,
    updated_at: at,
    version: 1,
    last_sequence: sequence,
  };
}

function after(job: JudgedJob, event: LoggedEvent): JudgedJob {
  const changes = effectOf[event.event]?.(event, job) ?? {};
  const updatedAt = carries.includes(event.event) ? job.updated_at : event.at;
  return { ...job, ...changes, version: job.version + 1, updated_at: updatedAt, last_sequence: event.sequence };
}

const begunAgain: Columns = {
  status: 'pending',
  attempt: 0,
  error: undefined,
  progress: undefined,
  run_at: undefined,
  worker: undefined,
  started_at: undefined,
  finished_at: undefined,
  ran_ms: undefined,
  awaits: undefined,
};

/** What each event does to the columns; undefined empties one. */
const effectOf: Readonly<Record<string, (event: LoggedEvent, job: JudgedJob) => Columns>> = {
  JobStarted: ({ data, at }) => ({
    status: 'processing',
    attempt: data['attempt'],
    worker: data['worker'],
    started_at: at,
    progress: undefined,
    ran_ms: undefined,
  }),
  JobSuspended: ({ data, at }, job) => ({
    status: 'waiting',
    run_at: isUnread(job, data['signals']) ? at : time(data['until']),
    ran_ms: data['ranMs'],
    awaits: data['signals'],
  }),
  JobResumed: ({ data, at }) => ({
    status: 'processing',
    worker: data['worker'],
    started_at: at,
    awaits: undefined,
  }),
  JobSignalled: ({ data, at }, job) => ({
    unread: [...unreadOf(job), String(data['name'])],
    ...(isAwaited(job, data['name']) ? { run_at: Math.min(at, Number(job['run_at'])) } : {}),
  }),
  JobProgressed: ({ data: { attempt: _attempt, ...progress } }) => ({ progress }),
  JobStepsRecorded: ({ data }, job) => ({
    steps_recorded: Number(data['from']) + stepsIn(data).length,
    unread: stepsIn(data).reduce((unread, { signal }) => without(unread, signal?.name), unreadOf(job)),
  }),
  JobCompleted: ({ data, at }) => ({
    status: 'completed',
    result: data['result'],
    error: undefined,
    finished_at: at,
  }),
  JobRetryScheduled: ({ data }) => ({ status: 'retrying', error: data['error'], run_at: time(data['retryAt']) }),
  JobFailed: ({ data, at }) => ({ status: 'failed', error: data['error'], finished_at: at }),
  JobDueNow: ({ at }) => ({ run_at: at }),
  JobPayloadChanged: ({ data }, job) => ({
    payload: data['payload'],
    steps_recorded: data['keepSteps'] === true ? job['steps_recorded'] : undefined,
  }),
  JobRevised: ({ data, at }, job) => ({
    payload: data['payload'],
    ...(data['runAt'] === undefined ? {} : { run_at: time(data['runAt']) }),
    status: (time(data['runAt']) ?? 0) > at ? 'scheduled' : job.status,
  }),
  JobReleased: (_event, job) => ({ status: 'pending', attempt: job.attempt - 1 }),
  JobCancelled: ({ at }) => ({ status: 'cancelled', finished_at: at, awaits: undefined }),
  JobRequeued: () => ({ ...begunAgain, priority: undefined }),
  JobRequeuedWithPriority: ({ data }) => ({ ...begunAgain, priority: data['priority'] }),
  JobPriorityChanged: ({ data }) => ({ priority: data['priority'] === 'normal' ? undefined : data['priority'] }),
};

/** The names of the signals that no step has read, each as often as there are such. */
function unreadOf(job: JudgedJob): readonly string[] {
  return (job['unread'] ?? []) as readonly string[];
}

function without(names: readonly string[], name: string | undefined): readonly string[] {
  const place = name === undefined ? -1 : names.indexOf(name);
  return place < 0 ? names : names.toSpliced(place, 1);
}

function isUnread(job: JudgedJob, awaited: unknown): boolean {
  return Array.isArray(awaited) && unreadOf(job).some((name) => awaited.includes(name));
}

function isAwaited(job: JudgedJob, name: unknown): boolean {
  return job.status === 'waiting' && ((job['awaits'] ?? []) as readonly unknown[]).includes(name);
}

function time(text: unknown): number | undefined {
  return typeof text === 'string' ? Date.parse(text) : undefined;
}
