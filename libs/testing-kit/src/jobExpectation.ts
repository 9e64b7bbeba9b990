import { AssertionError } from 'node:assert';
import { isCreation, type Job, type JobEvent, type JobStatus } from '@jobstream/client';
import { matches, mismatch, namedIn } from './matching.ts';

/** What a test expects of a job: the fields that it names. */
export type JobMatch = { readonly [Name in keyof Job]?: unknown };

/** A job as it is now, and how it got there. */
export interface JobHistory {
  readonly job: Job;
  readonly events: readonly JobEvent[];
}

/**
 * Assertions about one job. Each rejects with an AssertionError that says what differs and what has happened to the job.
 */
export class JobExpectation {
  readonly #read: () => Promise<JobHistory>;

  constructor(read: () => Promise<JobHistory>) {
    this.#read = read;
  }

  /** Expects a status. */
  async toBe(status: JobStatus): Promise<void> {
    const found = await this.#read();
    const actual = found.job.status;
    if (actual === status) return;
    const message = [`expected ${nameOf(found.job)} to be ${status}, but it is ${actual}`, ...linesOf(found)].join(
      '\n',
    );
    throw new AssertionError({ message, actual, expected: status });
  }

  /** Expects these fields; of objects in them again only the fields that are named. */
  async toMatch(expected: JobMatch): Promise<void> {
    const found = await this.#read();
    if (matches(found.job, expected)) return;
    const sentence = `expected ${nameOf(found.job)} to match:`;
    throw mismatch(sentence, { actual: namedIn(expected, found.job), expected }, linesOf(found));
  }

  /**
   * Expects exactly these events.
   *
   * @example
   * await t.expectJob(job).toHaveEvents(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
   */
  async toHaveEvents(expected: readonly string[]): Promise<void> {
    const found = await this.#read();
    const actual = found.events.map((event, index) =>
      expected[index] === event.event ? event.event : shortName(event),
    );
    if (matches(actual, expected)) return;
    throw mismatch(`expected ${nameOf(found.job)} to have the events:`, { actual, expected }, linesOf(found));
  }
}

function nameOf({ id, type }: Job): string {
  return `job ${id} of type ${type}`;
}

/** `JobStarted 2`: the event, and the attempt that it is about. */
function shortName({ event, data }: JobEvent): string {
  return 'attempt' in data && !event.startsWith('JobCarried') ? `${event} ${data.attempt}` : event;
}

/** The history of a job, a line for each event. */
function linesOf({ events }: JobHistory): readonly string[] {
  return [
    '',
    'What has happened to it:',
    ...events.map((event) => `  ${event.at}  ${shortName(event)}${detailOf(event)}`),
  ];
}

function detailOf(event: JobEvent): string {
  if (event.event === 'JobRetryScheduled') return `: ${textOf(event.data.error)}; again at ${event.data.retryAt}`;
  if (event.event === 'JobFailed') return `: ${textOf(event.data.error)} (${event.data.reason})`;
  if (isCreation(event) && event.data.runAt !== undefined) return `, due at ${event.data.runAt}`;
  return '';
}

function textOf({ name, message }: { readonly name: string; readonly message: string }): string {
  return `${name}: ${message}`;
}
