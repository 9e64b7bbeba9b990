import type { RawMessage } from '../../harness/rawLog.ts';
import { isMarked, MARK } from '../stranger/mark.ts';
import type { Violation } from './violation.ts';

/** An event as it lies in the log, with what its message says about its place. */
export interface LoggedEvent {
  readonly sequence: number;
  /** Its `v`. */
  readonly schema: unknown;
  readonly eventId: string;
  readonly event: string;
  readonly jobId: string;
  readonly jobType: string;
  readonly version: number;
  /** Milliseconds since 1970, as its writer says. */
  readonly at: number;
  /** Milliseconds since 1970, by the clock of the server. */
  readonly storedAt: number;
  readonly causationId: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** The sequence and the filter that its append expected. */
  readonly expected: string | undefined;
  readonly filter: string | undefined;
  /** The sequences of the stranger's messages on the subjects of its job since the job's event before it. */
  readonly junkBefore: readonly number[];
}

/** What a stranger wrote: it counts for nothing, but appends go behind it. */
export interface JunkMessage {
  readonly sequence: number;
  readonly kind: string;
  /** The job of which it is a copy of an event, on the subject of that; undefined if it goes into quarantine. */
  readonly copyOf: string | undefined;
}

export interface Histories {
  /** The events of each job by its id, in the order of the log. */
  readonly byJob: ReadonlyMap<string, readonly LoggedEvent[]>;
  readonly junk: readonly JunkMessage[];
  readonly violations: readonly Violation[];
}

/** The events that create a job, and those that put one back to work. */
export const creations: readonly string[] = ['JobCreated', 'JobCreatedWithPriority'];
export const requeues: readonly string[] = ['JobRequeued', 'JobRequeuedWithPriority'];
/** The events that write a job down again. */
export const carries: readonly string[] = ['JobCarried', 'JobCarriedWithSteps', 'JobCarriedWaiting'];
/** The events with which a run of a handler begins; the id of one names the run. */
export const runStarts: readonly string[] = ['JobStarted', 'JobResumed'];
/** Their subjects end with the priority that they name. */
const byPriority: readonly string[] = ['JobCreatedWithPriority', 'JobRequeuedWithPriority'];

/** The last token of a subject and the events that belong there; written down from docs, not from the services. */
const eventsOfToken: Readonly<Record<string, string | readonly string[]>> = {
  created: 'JobCreated',
  started: 'JobStarted',
  progressed: 'JobProgressed',
  'steps-recorded': 'JobStepsRecorded',
  suspended: 'JobSuspended',
  resumed: 'JobResumed',
  completed: 'JobCompleted',
  'retry-scheduled': 'JobRetryScheduled',
  failed: 'JobFailed',
  cancelled: 'JobCancelled',
  requeued: 'JobRequeued',
  'due-now': 'JobDueNow',
  'payload-changed': 'JobPayloadChanged',
  revised: 'JobRevised',
  released: 'JobReleased',
  carried: 'JobCarried',
  'carried-with-steps': 'JobCarriedWithSteps',
  'carried-waiting': 'JobCarriedWaiting',
  'priority-changed': 'JobPriorityChanged',
  signalled: 'JobSignalled',
  high: byPriority,
  low: byPriority,
};

/** Events with which a history may begin, which count for nothing unless the server has compared them with it. */
const beginnings = new Set([...creations, ...carries]);

/** Sorts raw messages by job. Subjects outside `jobs.` are none of the judge's business. */
export function readHistories(messages: readonly RawMessage[]): Histories {
  const byJob = new Map<string, LoggedEvent[]>();
  const junk: JunkMessage[] = [];
  const violations: Violation[] = [];
  const seen = new Map<string, number>();
  const junkOn = new Map<string, number[]>();
  for (const message of messages.filter(({ subject }) => subject.startsWith('jobs.'))) {
    const job = message.subject.split('.', 3).join('.');
    const junkBefore = junkOn.get(job) ?? [];
    const event = parse(message, junkBefore);
    if (isMarked(message)) {
      junk.push(junkOf(message, event));
      junkOn.set(job, [...junkBefore, message.sequence]);
      continue;
    }
    junkOn.delete(job);
    const complaint = event === undefined ? 'is not an event' : (mismatch(message, event) ?? doubled(event, seen));
    if (complaint !== undefined) violations.push(complain(message, complaint));
    if (event === undefined) continue;
    byJob.set(event.jobId, [...(byJob.get(event.jobId) ?? []), event]);
  }
  return { byJob, junk, violations };
}

function junkOf(message: RawMessage, event: LoggedEvent | undefined): JunkMessage {
  const { sequence, headers } = message;
  const fits = event?.schema === 1 && mismatch(message, event) === undefined && !beginnings.has(event.event);
  return { sequence, kind: headers[MARK] ?? '', copyOf: fits ? event.jobId : undefined };
}

function parse(
  { sequence, headers, body, storedAt }: RawMessage,
  junkBefore: readonly number[],
): LoggedEvent | undefined {
  try {
    const json = JSON.parse(body) as Record<string, unknown>;
    return {
      sequence,
      junkBefore,
      schema: json['v'],
      eventId: String(json['id']),
      event: String(json['event']),
      jobId: String(json['jobId']),
      jobType: String(json['jobType']),
      version: Number(json['version']),
      at: Date.parse(String(json['at'])),
      storedAt,
      causationId: json['causationId'] as string | undefined,
      data: json['data'] as Record<string, unknown>,
      expected: headers['nats-expected-last-subject-sequence'],
      filter: headers['nats-expected-last-subject-sequence-subject'],
    };
  } catch {
    return undefined;
  }
}

function mismatch({ subject }: RawMessage, { event, jobId, jobType, data }: LoggedEvent): string | undefined {
  const [, type, id, token = '', ...more] = subject.split('.');
  const belongs = [eventsOfToken[token]].flat().includes(event);
  const fits = type === jobType && id === jobId && belongs && more.length === 0;
  const mayBe = !byPriority.includes(event) || data['priority'] === token;
  return fits && mayBe ? undefined : `holds ${event} of ${jobType} ${jobId}`;
}

function doubled({ eventId, sequence }: LoggedEvent, seen: Map<string, number>): string | undefined {
  const earlier = seen.get(eventId);
  seen.set(eventId, sequence);
  return earlier === undefined ? undefined : `is event ${eventId} again, which was ${earlier}`;
}

function complain({ sequence, subject }: RawMessage, complaint: string): Violation {
  const jobId = subject.split('.')[2];
  return {
    rule: 'message',
    ...(jobId === undefined ? {} : { jobId }),
    detail: `${sequence} (${subject}) ${complaint}`,
  };
}
