import { evolve, type JobEvent, type JobState } from '@jobstream/domain';
import { type LogMessage, traceOf } from './testbed/logMessage.ts';

interface Step {
  readonly message: LogMessage;
  readonly event: JobEvent;
  readonly before: JobState;
  /** The sequence of the job's message before this one. */
  readonly previous: number;
}

type Rule = (step: Step) => string | undefined;

const RULES: readonly Rule[] = [
  expectsThePrevious,
  namesTheFilter,
  countsVersions,
  mayFollow,
  saysWhoWrote,
  keepsTheTenant,
  keepsTheTrace,
];

/** Everything that the worker wrote and should not have written like this, each as one sentence. */
export function checkLog(messages: readonly LogMessage[]): readonly string[] {
  const complaints: string[] = [];
  const jobs = new Map<string, { state: JobState; sequence: number }>();
  const ids = new Set<string>();
  for (const message of messages) {
    const jobId = message.subject.split('.')[2] ?? '';
    const { state: before, sequence: previous } = jobs.get(jobId) ?? { state: undefined, sequence: 0 };
    const event = message.event ?? message.newer;
    if (!message.byKit) complaints.push(...complaintsAbout({ message, before, previous, ids }));
    jobs.set(jobId, { state: event === undefined ? before : evolve(before, event), sequence: message.sequence });
  }
  return complaints;
}

function complaintsAbout({ message, before, previous, ids }: Omit<Step, 'event'> & { ids: Set<string> }): string[] {
  const at = `${message.sequence} on ${message.subject}`;
  const { event } = message;
  if (event === undefined) return [`${at}: no event of version 1 that belongs there: ${message.body}`];
  const found = RULES.flatMap((rule) => rule({ message, event, before, previous }) ?? []);
  if (ids.has(event.id)) found.push('its id was used before');
  ids.add(event.id);
  return found.map((complaint) => `${at}: ${complaint}`);
}

function expectsThePrevious({ message, previous }: Step): string | undefined {
  const expected = message.headers['nats-expected-last-subject-sequence'];
  return expected === String(previous) ? undefined : `should expect sequence ${previous}, but expects ${expected}`;
}

function namesTheFilter({ message, event }: Step): string | undefined {
  const filter = `jobs.${event.jobType}.${event.jobId}.>`;
  const named = message.headers['nats-expected-last-subject-sequence-subject'];
  return named === filter ? undefined : `should name the filter ${filter}, but names ${named}`;
}

function countsVersions({ event, before }: Step): string | undefined {
  const version = (before?.version ?? 0) + 1;
  return event.version === version ? undefined : `should have version ${version}, but has ${event.version}`;
}

function mayFollow({ event, before }: Step): string | undefined {
  const folded = evolve(before, { ...event, version: (before?.version ?? 0) + 1 }) !== before;
  return folded ? undefined : `${event.event} ${JSON.stringify(event.data)} cannot follow on ${before?.status}`;
}

function saysWhoWrote({ event }: Step): string | undefined {
  if (event.actor.kind !== 'worker' || event.actor.id === '') return 'its actor should be a worker with a name';
  if (event.event !== 'JobStarted' && event.event !== 'JobResumed') return undefined;
  if (event.data.worker === event.actor.id) return undefined;
  return `says that ${event.data.worker} runs the job, but ${event.actor.id} wrote it`;
}

function keepsTheTenant({ event, before }: Step): string | undefined {
  return event.tenant === before?.tenant ? undefined : `should have the tenant ${before?.tenant}, not ${event.tenant}`;
}

function keepsTheTrace({ message, event }: Step): string | undefined {
  const { traceparent = 'none' } = message.headers;
  const trace = traceOf(event.jobId);
  return traceparent.split('-')[1] === trace ? undefined : `should belong to the trace ${trace}, not ${traceparent}`;
}
