import type * as domain from '@jobstream/domain';
import { expectTypeOf, test } from 'vitest';
import type {
  Backoff,
  Job,
  JobError,
  JobEvent,
  JobStatus,
  OperatorEventName,
  Schedule,
  ScheduleEvent,
  WaitingFor,
  Warning,
} from './index.ts';

/** What the API never shows. */
type Secret = 'idempotencyKey' | 'fingerprint' | 'uniqueKey' | 'startedBy' | 'generation';
type Shown<Thing> = Thing extends { readonly error: domain.JobError }
  ? Omit<Thing, 'error' | Secret> & { readonly error: JobError }
  : Thing extends { readonly error?: domain.JobError }
    ? Omit<Thing, 'error' | Secret> & ('error' extends keyof Thing ? { readonly error?: JobError } : unknown)
    : Omit<Thing, Secret>;

type Flat<Type> = { [Key in keyof Type]: Type[Key] };
type DataOf<Event extends { readonly event: string; readonly data: unknown }, Name> = Extract<
  Event,
  { event: Name }
>['data'];

// The package brings types of its own, so that it needs no other; these tests are compiled, and so keep them true.
test('the types of jobs are those of the domain without internal fields', () => {
  expectTypeOf<JobStatus>().toEqualTypeOf<domain.JobStatus>();
  expectTypeOf<Backoff>().toEqualTypeOf<domain.Backoff>();
  expectTypeOf<JobError>().toEqualTypeOf<domain.JobError>();
  type Expected = Omit<domain.Job, Secret> & { readonly waitingFor?: WaitingFor };
  expectTypeOf<Flat<Job>>().toEqualTypeOf<Flat<Expected>>();
});

test('the types of events are those of the domain without internal fields', () => {
  expectTypeOf<JobEvent['event']>().toEqualTypeOf<domain.JobEventName>();
  expectTypeOf<OperatorEventName>().toEqualTypeOf<domain.OperatorEventName>();
  type Envelope = Omit<domain.JobEvent, 'event' | 'data'> & { readonly sequence: number; readonly recordedAt: string };
  expectTypeOf<Flat<Omit<JobEvent, 'event' | 'data'>>>().toEqualTypeOf<Flat<Envelope>>();
  type Ours = { [Name in JobEvent['event']]: Flat<DataOf<JobEvent, Name>> };
  type Theirs = { [Name in domain.JobEventName]: Flat<Shown<DataOf<domain.JobEvent, Name>>> };
  expectTypeOf<Ours>().toEqualTypeOf<Theirs>();
});

test('the types of schedules are those of the domain without internal fields', () => {
  type Expected = Omit<domain.Schedule, 'definitionVersion' | 'ticksFrom' | 'deletedAt'> & {
    readonly nextTicks: readonly string[];
    readonly definedBy?: string;
    readonly warnings?: readonly Warning[];
  };
  expectTypeOf<Flat<Schedule>>().toEqualTypeOf<Flat<Expected>>();
  type WithData = Exclude<domain.ScheduleEventName, 'ScheduleDeleted'>;
  expectTypeOf<ScheduleEvent['event']>().toEqualTypeOf<domain.ScheduleEventName>();
  type Ours = { [Name in ScheduleEvent['event'] & WithData]: Flat<DataOf<ScheduleEvent, Name>> };
  type Theirs = { [Name in domain.ScheduleEventName & WithData]: Flat<DataOf<domain.ScheduleEvent, Name>> };
  expectTypeOf<Ours>().toEqualTypeOf<Theirs>();
});
