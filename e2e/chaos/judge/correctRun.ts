import { digestOf } from './checkLog.ts';
import type { CountRow, Effect, Evidence, LoadRecord, TableRow } from './evidence.ts';
import type { RawMessage } from '../../harness/rawLog.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

/** One step of a job in a script: event, its data, and the second in which it happened. */
type Step = readonly [event: string, second: number, data?: Record<string, unknown>];

interface Script {
  readonly id: string;
  readonly type: string;
  readonly steps: readonly Step[];
  /** Attempt and second of each side effect. */
  readonly effects?: readonly (readonly [attempt: number, second: number])[];
  readonly row: Record<string, unknown>;
  readonly change?: 'cancelled' | 'requeued' | 'priorityChanged';
  /** With which it was created; default normal. */
  readonly priority?: 'high' | 'low';
}

const error = { name: 'Error', message: 'no' };
const worker = 'worker-1';
const start = (second: number, attempt = 1): Step => ['JobStarted', second, { attempt, worker }];
const second = (count: number) => Date.UTC(2026, 0, 1) + count * 1_000;
const rfc3339 = (count: number) => new Date(second(count)).toISOString();
const finished = (startedAt: number, finishedAt: number) => ({
  started_at: second(startedAt),
  finished_at: second(finishedAt),
  updated_at: second(finishedAt),
  worker,
});
const done = (at: number, attempt = 1): Step => ['JobCompleted', at, { attempt, result: { ok: 1 }, durationMs: 5 }];
const completedRow = { status: 'completed', attempt: 1, result: { ok: 1 } };

const settings = { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 10 }, timeoutMs: 60_000 };
const carriedState = (id: string) => ({
  payload: { of: id },
  tags: [`token-${id}`],
  ...settings,
  createdAt: rfc3339(0),
  updatedAt: rfc3339(0),
});

/** Short lives of all kinds, each with the row that the published rules make of it. */
const scripts: readonly Script[] = [
  {
    id: 'plain',
    type: 'webhook',
    steps: [start(1), ['JobProgressed', 2, { attempt: 1, percent: 50 }], done(3)],
    effects: [[1, 2]],
    row: { ...completedRow, progress: { percent: 50 }, version: 4, ...finished(1, 3) },
  },
  {
    id: 'retried',
    type: 'webhook',
    steps: [start(1), ['JobRetryScheduled', 2, { attempt: 1, error, retryAt: rfc3339(4) }], start(4, 2), done(5, 2)],
    effects: [
      [1, 1],
      [2, 4],
    ],
    row: { ...completedRow, attempt: 2, version: 5, run_at: second(4), ...finished(4, 5) },
  },
  {
    id: 'taken-over',
    type: 'webhook',
    steps: [start(1), ['JobProgressed', 2, { attempt: 1, percent: 50 }], start(3, 2), done(4, 2)],
    effects: [
      [1, 1],
      [2, 3],
    ],
    row: { ...completedRow, attempt: 2, version: 5, ...finished(3, 4) },
  },
  {
    id: 'requeued',
    type: 'webhook',
    steps: [
      start(1),
      ['JobFailed', 2, { attempt: 1, error, reason: 'unrecoverable' }],
      ['JobRequeued', 3],
      start(4),
      done(5),
    ],
    effects: [
      [1, 1],
      [1, 4],
    ],
    row: { ...completedRow, version: 6, ...finished(4, 5) },
    change: 'requeued',
  },
  {
    id: 'released',
    type: 'webhook',
    steps: [start(1), ['JobReleased', 2, { attempt: 1, reason: 'shutdown' }], start(3), done(4)],
    effects: [
      [1, 1],
      [1, 3],
    ],
    row: { ...completedRow, version: 5, ...finished(3, 4) },
  },
  {
    id: 'due-now',
    type: 'webhook',
    steps: [
      start(1),
      ['JobRetryScheduled', 2, { attempt: 1, error, retryAt: rfc3339(3_600) }],
      ['JobDueNow', 3],
      start(4, 2),
      done(5, 2),
    ],
    effects: [
      [1, 1],
      [2, 4],
    ],
    row: { ...completedRow, attempt: 2, version: 6, run_at: second(3), ...finished(4, 5) },
  },
  {
    id: 'payload-changed',
    type: 'webhook',
    steps: [
      ['JobCancelled', 1],
      ['JobPayloadChanged', 2, { payload: { of: 'an operator' } }],
      ['JobRequeued', 3],
      start(4),
      done(5),
    ],
    effects: [[1, 4]],
    row: { ...completedRow, payload: { of: 'an operator' }, version: 6, ...finished(4, 5) },
    change: 'requeued',
  },
  {
    id: 'revised',
    type: 'webhook',
    steps: [
      ['JobRevised', 1, { payload: { of: 'a later request' }, runAt: rfc3339(3), delayMs: 2_000 }],
      start(4),
      done(5),
    ],
    effects: [[1, 4]],
    row: {
      ...completedRow,
      payload: { of: 'a later request' },
      run_at: second(3),
      version: 4,
      ...finished(4, 5),
    },
  },
  {
    id: 'carried',
    type: 'webhook',
    steps: [
      ['JobCarried', 1, { ...carriedState('carried'), status: 'pending', attempt: 0 }],
      start(2),
      [
        'JobCarried',
        3,
        { ...carriedState('carried'), status: 'processing', attempt: 1, worker: 'worker-1', startedAt: rfc3339(2) },
      ],
      done(4),
    ],
    effects: [[1, 2]],
    row: { ...completedRow, version: 5, ...finished(2, 4) },
  },
  {
    id: 'requeued-high',
    type: 'webhook',
    priority: 'high',
    steps: [
      start(1),
      ['JobFailed', 2, { attempt: 1, error, reason: 'unrecoverable' }],
      ['JobRequeuedWithPriority', 3, { priority: 'high' }],
      ['JobCarried', 4, { ...carriedState('requeued-high'), status: 'pending', attempt: 0, priority: 'high' }],
      start(5),
      done(6),
    ],
    effects: [
      [1, 1],
      [1, 5],
    ],
    row: { ...completedRow, version: 7, priority: 'high', ...finished(5, 6) },
    change: 'requeued',
  },
  {
    id: 'lowered',
    type: 'webhook',
    priority: 'high',
    steps: [
      start(1),
      ['JobRetryScheduled', 2, { attempt: 1, error, retryAt: rfc3339(4) }],
      ['JobPriorityChanged', 3, { priority: 'low' }],
      start(4, 2),
      done(5, 2),
    ],
    effects: [
      [1, 1],
      [2, 4],
    ],
    row: { ...completedRow, attempt: 2, version: 6, run_at: second(4), priority: 'low', ...finished(4, 5) },
    change: 'priorityChanged',
  },
  {
    id: 'cancelled',
    type: 'sleep',
    steps: [start(1), ['JobCancelled', 2]],
    row: { status: 'cancelled', attempt: 1, version: 3, ...finished(1, 2) },
    change: 'cancelled',
  },
];

/** The evidence of a small run that keeps all rules; a test corrupts it. */
export function correctRun(): Mutable<Evidence> {
  const messages: RawMessage[] = [];
  for (const script of scripts) messages.push(...messagesOf(script, messages.length + 1));
  return {
    firstSequence: 1,
    lastSequence: messages.length,
    messages,
    copies: ['nats-1', 'nats-2'].map((node) => ({ node, digest: digestOf(messages) })),
    rows: scripts.map((script) => rowOf(script, messages)),
    counts: countsOf(scripts),
    quarantined: 0,
    timers: 2,
    load: scripts.flatMap(recordsOf),
    effects: scripts.flatMap(effectsOf),
    past: [],
  };
}

const tokens: Readonly<Record<string, string>> = {
  JobCreated: 'created',
  JobStarted: 'started',
  JobProgressed: 'progressed',
  JobCompleted: 'completed',
  JobRetryScheduled: 'retry-scheduled',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'requeued',
  JobDueNow: 'due-now',
  JobPayloadChanged: 'payload-changed',
  JobRevised: 'revised',
  JobReleased: 'released',
  JobCarried: 'carried',
  JobPriorityChanged: 'priority-changed',
};

function messagesOf({ id, type, steps, priority }: Script, first: number): RawMessage[] {
  const data = { payload: { of: id }, tags: [`token-${id}`], ...settings };
  const created: Step =
    priority === undefined ? ['JobCreated', 0, data] : ['JobCreatedWithPriority', 0, { ...data, priority }];
  return [created, ...steps].map(([event, at, data = {}], index) =>
    message({ id, type, event, version: index + 1, at: rfc3339(at), data }, first + index),
  );
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly event: string;
  readonly version: number;
  readonly at: string;
  readonly data: Record<string, unknown>;
}

/** A message as our writers make it: it expects the message before it, which is one of the same job but for the first. */
export function message({ id, type, event, ...rest }: Told, sequence: number): RawMessage {
  const filter = `jobs.${event === 'JobCreatedWithPriority' ? '*' : type}.${id}.>`;
  return {
    sequence,
    subject: `jobs.${type}.${id}.${tokens[event] ?? String(rest.data['priority'])}`,
    headers: {
      'nats-expected-last-subject-sequence': String(rest.version === 1 ? 0 : sequence - 1),
      ...(event === 'JobCreated' ? {} : { 'nats-expected-last-subject-sequence-subject': filter }),
    },
    storedAt: Date.parse(rest.at),
    body: JSON.stringify({ v: 1, id: `event-${sequence}`, event, jobId: id, jobType: type, ...rest }),
  };
}

function rowOf({ id, type, row }: Script, messages: readonly RawMessage[]): TableRow {
  return {
    id,
    type,
    payload: { of: id },
    tags: [`token-${id}`],
    max_attempts: settings.maxAttempts,
    backoff: settings.backoff,
    timeout_ms: settings.timeoutMs,
    created_at: second(0),
    last_sequence: messages.findLast(({ subject }) => subject.includes(`.${id}.`))?.sequence,
    ...row,
  };
}

function countsOf(all: readonly Script[]): CountRow[] {
  const webhooks = all.filter(({ type }) => type === 'webhook').length;
  return [
    { type: 'webhook', status: 'completed', count: webhooks },
    { type: 'sleep', status: 'cancelled', count: all.length - webhooks },
  ];
}

function recordsOf({ id, change, priority }: Script): LoadRecord[] {
  return [
    { kind: 'sent', token: `token-${id}`, keyed: false },
    { kind: 'created', token: `token-${id}`, id, status: 201, ...(priority === undefined ? {} : { priority }) },
    ...(change === undefined ? [] : [{ kind: change, id }]),
  ];
}

function effectsOf({ id, effects = [] }: Script): Effect[] {
  return effects.map(([attempt, at]) => ({ jobId: id, attempt, token: `token-${id}`, at: second(at) }));
}
