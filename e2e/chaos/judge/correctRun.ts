import { NAP } from './checkSleeps.ts';
import { digestOf } from './checkLog.ts';
import type { CountRow, Effect, Evidence, LoadRecord, StepEffect, StepRow, TableRow } from './evidence.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
import { rfc3339, type Script, scripts, second, settings, type Step } from './lives.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

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
    stepRows: scripts.flatMap(stepRowsOf),
    counts: countsOf(scripts),
    quarantined: 0,
    timers: 2,
    load: scripts.flatMap(recordsOf),
    effects: scripts.flatMap(effectsOf),
    steps: scripts.flatMap((script) => stepEffectsOf(script, messages)),
    past: [],
  };
}

const tokens: Readonly<Record<string, string>> = {
  JobCreated: 'created',
  JobStarted: 'started',
  JobProgressed: 'progressed',
  JobStepsRecorded: 'steps-recorded',
  JobSuspended: 'suspended',
  JobResumed: 'resumed',
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
  JobCarriedWithSteps: 'carried-with-steps',
  JobCarriedWaiting: 'carried-waiting',
  JobPriorityChanged: 'priority-changed',
  JobSignalled: 'signalled',
};

function messagesOf({ id, type, steps, priority }: Script, first: number): RawMessage[] {
  const wanted = { payload: { of: id }, tags: [`token-${id}`], ...settings };
  const created: Step =
    priority === undefined ? ['JobCreated', 0, wanted] : ['JobCreatedWithPriority', 0, { ...wanted, priority }];
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

function stepEffectsOf({ id, stepEffects = [] }: Script, messages: readonly RawMessage[]): StepEffect[] {
  const starts = messages.filter(({ subject }) => new RegExp(`\\.${id}\\.(started|resumed)$`).test(subject));
  return stepEffects.map(([run, at, step]) => ({
    jobId: id,
    runId: `event-${starts[run - 1]?.sequence}`,
    at: second(at),
    ...step,
  }));
}

function stepRowsOf({ id, stepEffects = [], sleeps = [] }: Script): StepRow[] {
  const rows = stepEffects.map(([run, , { name, key = null, result }]) => {
    return { jobId: id, name, key, attempt: sleeps.length === 0 ? run : 1, result, error: null };
  });
  return [
    ...rows,
    ...sleeps.map(([key, end]) => ({ jobId: id, name: NAP, key, attempt: 1, result: rfc3339(end), error: null })),
  ];
}
