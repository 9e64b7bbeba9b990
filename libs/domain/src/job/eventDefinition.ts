import type * as Schema from 'effect/Schema';
import type { Job, JobStatus } from './job.ts';
import type { Tenant } from '../messages/tenant.ts';
import type { Timestamp } from '../messages/timestamp.ts';

type Fields = Schema.Struct.Fields;

/** The token of events whose data have a `priority`: it is that, so that each lane has messages of its own. */
export const BY_PRIORITY = Symbol('by priority');

/** How a secret field is encrypted: any JSON value, a text, or of an error message and stack, of progress the message, of steps results and errors, of signals payloads. */
export type SecretKind = 'value' | 'text' | 'error' | 'progress' | 'steps' | 'signals';

/** What `evolve` of a definition sees of an event. */
export interface OccurrenceOf<Data> {
  readonly jobId: string;
  readonly jobType: string;
  readonly at: Timestamp;
  readonly causationId?: string;
  readonly tenant?: Tenant;
  readonly data: Data;
}
type Occurrence<Data extends Fields> = OccurrenceOf<Schema.Struct<Data>['Type']>;

/** All that the system has to know about one event of a job's life; see docs/architecture.md. */
export interface EventDefinition<
  Data extends Fields,
  Hidden extends keyof Data,
  CallsForWork extends boolean,
  ByOperator extends boolean,
  Before = Job,
> {
  /** What the event says, for the AsyncAPI document, which adds the sentences about `callsForWork` and `byOperator`. */
  readonly summary: string;
  /** The last token of its subject. */
  readonly token: string | typeof BY_PRIORITY;
  /** The version of the worker protocol that brought it; 1 if left out. */
  readonly protocol?: number;
  /** Whether its message is delivered to workers, to have the job run. */
  readonly callsForWork: CallsForWork;
  /** Whether it is what an operator, or a client of the API, does to a job that exists. */
  readonly byOperator: ByOperator;
  readonly data: Data;
  /** The fields that are encrypted where keys are configured, and unreadable once the job was erased. */
  readonly secrets: { readonly [Field in keyof Data]?: SecretKind };
  /** The fields that clients do not see. Of errors they never see the stack. */
  readonly hidden: readonly Hidden[];
  /** The statuses in which the event is legal; in any other the job's state ignores it. None for an event that creates the job. */
  readonly legalIn: readonly JobStatus[];
  /** Whether the data fit the job; the job's state ignores the event if they do not. */
  readonly fits: (job: Job, data: Schema.Struct<Data>['Type']) => boolean;
  /** The job after the event, but for `version` and `updatedAt`. */
  readonly evolve: (job: Before, event: Occurrence<Data>) => Job;
}

/** Checks a definition, and keeps the types of its fields. */
export function define<
  const Data extends Fields,
  const CallsForWork extends boolean,
  const ByOperator extends boolean,
  const Hidden extends keyof Data = never,
  Before = Job,
>(
  definition: EventDefinition<Data, Hidden, CallsForWork, ByOperator, Before>,
): EventDefinition<Data, Hidden, CallsForWork, ByOperator, Before> {
  return definition;
}

type WithAttempt = { readonly attempt: number };

/** Several events fit a job in one of these ways. */
export const always = () => true;
export const ofRunningAttempt = (job: Job, { attempt }: WithAttempt) => attempt === job.attempt;
export const ofNextAttempt = (job: Job, { attempt }: WithAttempt) =>
  attempt === job.attempt + 1 && attempt <= job.maxAttempts;
export const ofRetriedAttempt = (job: Job, { attempt }: WithAttempt) =>
  attempt === job.attempt && attempt < job.maxAttempts;
