import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { HistoryTooLargeError, LogUnavailableError } from '../errors.ts';
import { eventSubject, jobFilter } from '../streams/jobSubjects.ts';
import { JobScript } from '../../testing/jobScript.ts';
import type { StoredMessage } from './directReader.ts';
import { headerOfExpectation } from './jobLink.ts';
import { FilteredReader, type FilteredReaderLimits } from './filteredReader.ts';

const PAGE = 10;

/** A log in memory that is read in pages of 10 messages, and what was asked of it. */
class PagedLog {
  readonly asked: string[] = [];
  readonly #messages: StoredMessage[] = [];
  /** Awaited before each page. */
  beforePage: (filter: string) => Promise<void> = () => Promise.resolve();

  event(event: JobEvent): number {
    const sequence = event.event === 'JobCreated' ? 0 : this.#messages.length;
    return this.#add(eventSubject(event), encodeJobEvent(event), {
      sequence,
      filter: event.event === 'JobCreated' ? undefined : jobFilter(event.jobId, event.jobType),
    });
  }

  junk(job: JobScript, count: number, body = 'junk'): void {
    const subject = `jobs.${job.jobType}.${job.jobId}.progressed`;
    for (let made = 0; made < count; made++) this.#add(subject, body);
  }

  /** Puts the log back to what it was before this sequence. */
  cut(sequence: number): void {
    this.#messages.length = sequence - 1;
  }

  async page(filter: string, sequence: number) {
    this.asked.push(`${filter} ${sequence}`);
    await this.beforePage(filter);
    const subject = new RegExp(`^${filter.replace('>', '.+').replace('*', '[^.]+')}$`);
    const found = this.#messages.filter((one) => one.sequence >= sequence && subject.test(one.subject));
    return { messages: found.slice(0, PAGE), isMore: found.length > PAGE };
  }

  #add(subject: string, text: string, expectation: StoredMessage['expectation'] = NOTHING): number {
    const sequence = this.#messages.length + 1;
    const recordedAt = new Date(Date.UTC(2026, 0, 1) + Math.random() * 1e9).toISOString();
    this.#messages.push({
      sequence,
      subject,
      recordedAt,
      expectation,
      text,
      header: (name) => headerOfExpectation(expectation, name),
    });
    return sequence;
  }
}

const NOTHING = { sequence: undefined, filter: undefined };

function stage(limits: Partial<FilteredReaderLimits> = {}) {
  const log = new PagedLog();
  const job = new JobScript();
  const filter = jobFilter(job.jobId, job.jobType);
  return { log, job, filter, reader: new FilteredReader(log, limits) };
}

const sequences = (messages: readonly StoredMessage[]) => messages.map(({ sequence }) => sequence);

test('returns the events and the last message, and drops the rest', async () => {
  const { log, job, filter, reader } = stage();
  log.event(job.create());
  log.junk(job, 25);
  const started = log.event(job.start());
  log.junk(job, 25, encodeJobEvent(job.events[0] as JobEvent));
  expect(sequences(await reader.read(filter))).toEqual([1, started, 52]);
});

test('reads each message once, however often the job is read', async () => {
  const { log, job, filter, reader } = stage();
  log.event(job.create());
  log.junk(job, 34);
  await reader.read(filter);
  log.asked.length = 0;
  const started = log.event(job.start());
  expect(sequences(await reader.read(filter))).toEqual([1, started]);
  expect(log.asked).toEqual([`${filter} 35`]);
});

test('a job with more messages than one read goes through is read by several', async () => {
  const { log, job, filter, reader } = stage({ messages: 20 });
  log.event(job.create());
  log.junk(job, 60);
  for (let read = 1; read <= 3; read++) await expect(reader.read(filter)).rejects.toThrow(LogUnavailableError);
  expect(sequences(await reader.read(filter))).toEqual([1, 61]);
});

test('reads a log that was put back to an older copy from its beginning', async () => {
  const { log, job, filter, reader } = stage();
  log.event(job.create());
  log.event(job.start());
  log.junk(job, 12);
  await reader.read(filter);
  log.cut(2);
  log.junk(job, 3);
  expect(sequences(await reader.read(filter))).toEqual([1, 4]);
  log.cut(1);
  expect(await reader.read(filter)).toEqual([]);
});

test('reads of other jobs take turns with that of a job with many messages, and wait for no more than a page', async () => {
  const { log, job, filter, reader } = stage();
  log.event(job.create());
  log.junk(job, 100);
  const other = new JobScript();
  log.event(other.create());
  const long = reader.read(filter);
  const short = reader.read(jobFilter(other.jobId, other.jobType));
  expect(sequences(await short)).toEqual([102]);
  expect(log.asked.length).toBeLessThanOrEqual(4);
  await long;
});

test('one page is read at a time, and so many jobs at once', async () => {
  const { log, reader } = stage({ reads: 2 });
  let open = 0;
  const jobs = Array.from({ length: 5 }, () => new JobScript());
  for (const job of jobs) {
    log.event(job.create());
    log.junk(job, 25);
  }
  const begun = new Set<string>();
  const ended = new Set<string>();
  log.beforePage = async (filter) => {
    begun.add(filter);
    expect(++open).toBe(1);
    expect(begun.size - ended.size).toBeLessThanOrEqual(2);
    await Promise.resolve();
    open--;
  };
  const read = async ({ jobId, jobType }: JobScript) => {
    const filter = jobFilter(jobId, jobType);
    await reader.read(filter);
    ended.add(filter);
  };
  await Promise.all(jobs.map(read));
  expect(ended.size).toBe(5);
});

test('rejects when the events alone are too large, and forgets what it cannot keep', async () => {
  const { log, job, filter, reader } = stage({ bytes: 100_000 });
  log.event(job.create({ payload: 'x'.repeat(50_000) }));
  log.event(job.start());
  log.event(job.complete('x'.repeat(60_000)));
  await expect(reader.read(filter)).rejects.toThrow(HistoryTooLargeError);
  const { log: small, job: other, filter: ofOther, reader: forgetful } = stage({ remembered: 10_000 });
  small.event(other.create({ payload: 'x'.repeat(20_000) }));
  await forgetful.read(ofOther);
  await forgetful.read(ofOther);
  expect(small.asked).toEqual([`${ofOther} 1`, `${ofOther} 1`]);
});

test('keeps the last message of the type of the job beside that of another type', async () => {
  const { log, job, reader } = stage();
  log.event(job.create());
  log.junk(job, 2);
  const foreign = new JobScript({ jobId: job.jobId, jobType: 'other' });
  log.event(foreign.create());
  expect(sequences(await reader.read(jobFilter(job.jobId)))).toEqual([1, 3, 4]);
});
