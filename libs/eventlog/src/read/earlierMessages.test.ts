import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import { DirectReader } from './directReader.ts';
import { EarlierMessages } from './earlierMessages.ts';
import { JobReader } from './jobReader.ts';

const on = useEventLog();

/** Notes what is asked of the server. */
class NotingReader extends DirectReader {
  readonly singles: number[] = [];
  readonly pages: string[] = [];

  override at(sequence: number) {
    this.singles.push(sequence);
    return super.at(sequence);
  }

  override page(filter: string, sequence: number, count?: number) {
    this.pages.push(filter);
    return super.page(filter, sequence, count);
  }
}

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.open({ url: on.nats.url, name: 'test' });
});

afterAll(() => connection.close());

const report = (job: JobScript, percent: number) => job.next({ kind: 'ReportProgress', attempt: 1, percent });

/** A job that has reported so often, and the sequences of its messages. */
async function longJob(reports: number): Promise<{ readonly job: JobScript; readonly sequences: readonly number[] }> {
  const job = new JobScript();
  const events = [job.create(), job.start(), ...Array.from({ length: reports }, (_, n) => report(job, n % 100))];
  const sequences: number[] = [];
  for (const event of events) sequences.push(await on.log.append(event, sequences.at(-1) ?? 0));
  return { job, sequences };
}

const subjectOf = ({ jobType, jobId }: JobScript, token: string) => `jobs.${jobType}.${jobId}.${token}`;

const newestOf = (reader: DirectReader, { jobType, jobId }: JobScript) =>
  reader.newestOfEachSubject(`jobs.${jobType}.${jobId}.>`);

test('a short walk reads its messages one by one', async () => {
  const { job, sequences } = await longJob(33);
  const reader = new NotingReader(connection, 30_000);
  const earlier = new EarlierMessages(reader, await newestOf(reader, job));
  const wanted = sequences.slice(2, -1).toReversed();
  for (const sequence of wanted) expect((await earlier.at(sequence))?.sequence).toBe(sequence);
  expect([reader.singles, reader.pages]).toEqual([wanted, []]);
});

test('a long history is read in pages of its subjects', async () => {
  const { job } = await longJob(600);
  const reader = new NotingReader(connection, 30_000);
  const history = await new JobReader({ direct: reader, deadlineMs: 30_000 }).history(job.jobId, job.jobType);
  expect(history.map(({ event }) => event)).toEqual(job.events);
  expect(reader.singles).toHaveLength(32);
  const reports = subjectOf(job, 'progressed');
  expect(reader.pages).toEqual([subjectOf(job, 'created'), subjectOf(job, 'started'), reports]);
});

test('of a job with steps those are read in pages of their own subject, and nothing else', async () => {
  const job = new JobScript();
  const record = (n: number) => {
    const steps = [{ name: 'send', key: `${n}`, result: n, durationMs: 1 }];
    return job.next({ kind: 'RecordSteps', attempt: 1, steps });
  };
  const events = [job.create(), job.start(), ...Array.from({ length: 300 }, (_, n) => record(n)), job.fail()];
  let last = 0;
  for (const event of events) last = await on.log.append(event, last);
  const reader = new NotingReader(connection, 30_000);
  const snapshot = await new JobReader({ direct: reader, deadlineMs: 30_000 }).job(job.jobId, job.jobType);
  expect(snapshot?.steps?.map(({ key, result }) => [key, result])).toEqual(
    Array.from({ length: 300 }, (_, n) => [`${n}`, n]),
  );
  const steps = subjectOf(job, 'steps-recorded');
  expect([reader.singles, reader.pages]).toEqual([[], [steps]]);
});

test('messages of strangers between those of a long history are left out of it', async () => {
  const { job, sequences } = await longJob(60);
  const junk = await publishRaw(on.nats.url, subjectOf(job, 'progressed'), 'junk');
  const rest: JobEvent[] = Array.from({ length: 60 }, (_, n) => report(job, n));
  let last = junk;
  for (const event of rest) last = await on.log.append(event, last);
  const reader = new NotingReader(connection, 30_000);
  const snapshot = await new JobReader({ direct: reader, deadlineMs: 30_000 }).job(job.jobId, job.jobType);
  expect(snapshot?.job.version).toBe(job.events.length);
  expect([...(snapshot?.sequences?.values() ?? [])]).toEqual([
    ...sequences,
    ...rest.map((_, index) => junk + 1 + index),
  ]);
  // The link over the message of the stranger does not hold, so that all messages are looked at.
  expect(reader.pages).toEqual(['created', 'started', 'progressed', '>'].map((token) => subjectOf(job, token)));
});

test.each([
  ['messages', () => ({ messages: 300, bytes: Infinity })],
  ['bytes', (size: number) => ({ messages: Infinity, bytes: 300 * size })],
])('what is read ahead is bounded in %s, and what is missing is read one by one', async (_name, limitsOf) => {
  const { job, sequences } = await longJob(700);
  const limits = { page: 256, ...limitsOf(encodeJobEvent(report(job, 1)).length) };
  const reader = new NotingReader(connection, 30_000);
  const earlier = new EarlierMessages(reader, await newestOf(reader, job), limits);
  const wanted = sequences.slice(2, -1).toReversed();
  for (const sequence of wanted) expect((await earlier.at(sequence))?.sequence).toBe(sequence);
  expect(reader.pages.filter((filter) => filter.endsWith('.progressed'))).toHaveLength(2);
  expect(reader.singles.length).toBe(wanted.length - 2 * 256);
});
