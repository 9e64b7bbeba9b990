import type { RawMessage } from '../../harness/rawLog.ts';
import type { SeededRandom } from '../seededRandom.ts';

/** A message as a program stores it that does not keep to the protocol. */
export interface Junk {
  readonly subject: string;
  readonly body: string;
  /** One `Name: value` each, beside the mark. */
  readonly headers?: readonly string[];
}

/** What a stranger can see: two stored messages about different jobs. */
export interface Sight {
  readonly victim: RawMessage;
  readonly other: RawMessage;
  readonly random: SeededRandom;
}

/** Every kind of junk by its name. None is an event that continues a job, which only its writer could tell from a real one. */
export const junkKinds: Readonly<Record<string, (sight: Sight) => Junk>> = {
  empty: (sight) => ({ subject: anyOfItsSubjects(sight), body: '' }),
  'empty, with the status of an end': (sight) => ({
    subject: anyOfItsSubjects(sight),
    body: '',
    headers: ['Status: 204', 'Nats-Num-Pending: 0'],
  }),
  'not JSON': (sight) => ({ subject: anyOfItsSubjects(sight), body: 'junk' }),
  'a newer version without a job': ({ victim }) => ({
    subject: `jobs.${typeOf(victim)}.${crypto.randomUUID()}.created`,
    body: '{"v":2}',
  }),
  'a newer version': (sight) => ({ subject: anyOfItsSubjects(sight), body: asNewer(sight.victim) }),
  'an unknown event': ({ victim }) => ({
    subject: `${prefixOf(victim)}paused`,
    body: JSON.stringify({ ...parsed(victim), event: 'JobPaused', data: {} }),
  }),
  copy: ({ victim: { subject, body } }) => ({ subject, body }),
  'copy as the first': ({ victim: { subject, body } }) => ({
    subject,
    body,
    headers: expecting(0, 'jobs.nothing.>'),
  }),
  'behind an event of another job': (sight) => ({
    subject: anyOfItsSubjects(sight),
    body: 'junk',
    headers: expecting(sight.other.sequence, sight.other.subject),
  }),
  'an event of another job': ({ victim, other }) => ({
    subject: victim.subject,
    body: other.body,
    headers: expecting(other.sequence, other.subject),
  }),
  'another event than its subject says': ({ victim }) => ({
    subject: `${prefixOf(victim)}completed`,
    body: JSON.stringify({ ...parsed(victim), event: 'JobProgressed', data: { attempt: 1 } }),
  }),
  large: (sight) => ({ subject: anyOfItsSubjects(sight), body: 'x'.repeat(sight.random.int(100_000, 900_000)) }),
  'header names that are none': (sight) => ({
    subject: anyOfItsSubjects(sight),
    body: sight.random.chance(0.5) ? '' : 'junk',
    headers: ['no name: 1', 'traceparent: 1'],
  }),
  'headers of the server': (sight) => ({
    subject: anyOfItsSubjects(sight),
    body: '',
    headers: ['Nats-Sequence: 1', 'Nats-Subject: jobs.a.b.created', 'Nats-Time-Stamp: never'],
  }),
  'a timer': ({ victim, random }) => ({
    subject: `timers.due.${typeOf(victim)}`,
    body: JSON.stringify({
      jobId: idOf(victim),
      jobType: typeOf(victim),
      at: new Date(Date.now() + random.int(-60_000, 60_000)).toISOString(),
    }),
  }),
  'a timer of every job': ({ victim }) => ({
    subject: `timers.due.${typeOf(victim)}`,
    body: JSON.stringify({ jobId: '*', jobType: typeOf(victim), at: new Date().toISOString() }),
  }),
};

const TOKENS = ['created', 'started', 'progressed', 'completed', 'failed', 'cancelled', 'requeued', 'no-event'];

function anyOfItsSubjects({ victim, random }: Sight): string {
  return `${prefixOf(victim)}${random.pick(TOKENS)}`;
}

function prefixOf(message: RawMessage): string {
  return `jobs.${typeOf(message)}.${idOf(message)}.`;
}

function typeOf({ subject }: RawMessage): string {
  return subject.split('.')[1] ?? '';
}

function idOf({ subject }: RawMessage): string {
  return subject.split('.')[2] ?? '';
}

function parsed({ body }: RawMessage): object {
  return JSON.parse(body) as object;
}

function asNewer(message: RawMessage): string {
  return JSON.stringify({ ...parsed(message), v: 2 });
}

function expecting(sequence: number, filter: string): readonly string[] {
  return [`Nats-Expected-Last-Subject-Sequence: ${sequence}`, `Nats-Expected-Last-Subject-Sequence-Subject: ${filter}`];
}
