import type { JobError, JobEvent, JobEventData, JobEventName, Priority } from '@jobstream/client';
import type { Printer, Tone } from '../../output/printer.ts';
import { plainText } from '../../output/table.ts';
import { formatDuration } from '../../output/times.ts';

const TONES: Readonly<Record<JobEventName, Tone>> = {
  JobCreated: 'quiet',
  JobCreatedWithPriority: 'quiet',
  JobStarted: 'busy',
  JobProgressed: 'quiet',
  JobStepsRecorded: 'quiet',
  JobSuspended: 'quiet',
  JobResumed: 'busy',
  JobCompleted: 'good',
  JobRetryScheduled: 'bad',
  JobFailed: 'bad',
  JobCancelled: 'bad',
  JobRequeued: 'quiet',
  JobRequeuedWithPriority: 'quiet',
  JobPriorityChanged: 'quiet',
  JobDueNow: 'quiet',
  JobPayloadChanged: 'quiet',
  JobRevised: 'quiet',
  JobSignalled: 'quiet',
  JobReleased: 'quiet',
  JobCarried: 'quiet',
  JobCarriedWithSteps: 'quiet',
  JobCarriedWaiting: 'quiet',
};
const NAME_WIDTH = 'JobRetryScheduled'.length;

type Details = {
  readonly [Name in JobEventName]: (data: JobEventData[Name], due: (instant: string) => string) => string | undefined;
};

/** What is worth knowing of an event beside its name; `due` shows a time as it was ahead at the time of the event. */
const DETAILS: Details = {
  JobCreated: describeRequest,
  JobCreatedWithPriority: (data, due) => withPriority(data.priority, describeRequest(data, due)),
  JobStarted: describeStart,
  JobProgressed: describeProgress,
  JobStepsRecorded: ({ steps }, due) => steps.map((step) => describeStep(step, due)).join(', '),
  JobSuspended: ({ attempt, until, ranMs, signals }, due) => {
    const wait = signals === undefined ? 'sleeps' : `waits for the signal ${signals.join(' or ')}`;
    return `attempt ${attempt} ${wait} after ${formatDuration(ranMs)}, due ${due(until)}`;
  },
  JobResumed: describeStart,
  JobCompleted: ({ durationMs, result }) => [`in ${formatDuration(durationMs)}`, ...jsonOf(result)].join(': '),
  JobRetryScheduled: ({ attempt, error, retryAt }, due) =>
    `attempt ${attempt} failed, next ${due(retryAt)}: ${describeError(error)}`,
  JobFailed: ({ reason, error }) => `${reason}: ${describeError(error)}`,
  JobSignalled: ({ name, payload }) => [name, ...jsonOf(payload ?? undefined)].join(': '),
  JobReleased: ({ attempt, reason }) => `attempt ${attempt}: ${reason}`,
  JobCancelled: ({ reason }) => reason,
  JobRequeued: ({ reason }) => reason,
  JobRequeuedWithPriority: ({ priority, reason }) => withPriority(priority, reason),
  JobPriorityChanged: ({ priority, reason }) => withPriority(priority, reason),
  JobDueNow: ({ reason }) => reason,
  JobPayloadChanged: ({ reason }) => reason,
  JobRevised: describeRequest,
  JobCarried: () => undefined,
  JobCarriedWithSteps: () => undefined,
  JobCarriedWaiting: () => undefined,
};

/** Shows an event in one line; `of` names the job where it is not clear which one it is. */
export function describeEvent({ event, at, data }: JobEvent, printer: Printer, of: readonly string[] = []): string {
  // An event of a newer release is in none of our tables.
  const name = printer.tone(TONES[event] ?? 'quiet', event.padEnd(NAME_WIDTH));
  const describe = DETAILS[event] as
    ((data: unknown, due: (instant: string) => string) => string | undefined) | undefined;
  const details = plainText(describe?.(data, (instant) => printer.due(instant, at)) ?? '');
  return [printer.tone('quiet', printer.clock(at)), name, ...of, details].join('  ').trimEnd();
}

/** Shows how a step has ended, without its result; `due` shows until when it waits for a signal. */
export function describeStep(
  { name, key, error, durationMs, signal, waitsUntil }: JobEventData['JobStepsRecorded']['steps'][number],
  due: (instant: string) => string,
): string {
  const step = [name, ...(key === undefined ? [] : [key])].join(' ');
  if (signal !== undefined) return `${step} read the signal ${signal.name}`;
  if (waitsUntil !== undefined) return `${step} waits for a signal, its time limit is over ${due(waitsUntil)}`;
  return error === undefined ? `${step} in ${formatDuration(durationMs)}` : `${step} failed: ${describeError(error)}`;
}

function describeStart({ attempt, worker, workerVersion }: JobEventData['JobStarted']): string {
  return `attempt ${attempt} on ${describeWorker(worker, workerVersion)}`;
}

function withPriority(priority: Priority, further = ''): string {
  return [`${priority} priority`, ...(further === '' ? [] : [further])].join(', ');
}

/** When it is to be due, and why it was asked for. */
function describeRequest(
  { runAt, reason }: { readonly runAt?: string; readonly reason?: string },
  due: (instant: string) => string,
): string {
  return [...(runAt ? [`due ${due(runAt)}`] : []), ...(reason ? [reason] : [])].join(': ');
}

/** Shows how far a job is. */
export function describeProgress({
  percent,
  message,
}: {
  readonly percent?: number;
  readonly message?: string;
}): string {
  return [percent === undefined ? undefined : `${percent}%`, message].filter((text) => text !== undefined).join(' ');
}

/** Names a worker, and the release of its program if it says one. */
export function describeWorker(worker: string, version: string | undefined): string {
  return version === undefined ? worker : `${worker}, version ${version}`;
}

export function describeError({ name, message }: JobError): string {
  return `${name}: ${message}`;
}

function jsonOf(value: unknown): readonly string[] {
  return value === undefined ? [] : [JSON.stringify(value)];
}
