import { startNats } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobAppendRequest } from './appendRequest.ts';
import { Appender } from './appender.ts';
import { AppendLimiter } from './appendLimiter.ts';
import { BatchAppender } from './batchAppender.ts';
import { Connection } from '../connection/connection.ts';
import { LogUnavailableError } from '../errors.ts';
import { Publisher } from '../connection/publisher.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

const limiter = new AppendLimiter({ maxPending: 1_000, maxPendingBytes: 1_000_000 });
const OPTIONS = { deadlineMs: 300, limiter, groupCommit: true };
/** The timeout of a single publish, far beyond the deadline of an append. */
const PUBLISH_TIMEOUT_MS = 3_600_000;

let nats: Awaited<ReturnType<typeof startNats>>;
let connection: Connection;
let publisher: Publisher;

beforeEach(async () => {
  nats = await startNats();
  await (await openEventLog({ url: nats.url }))[Symbol.asyncDispose](); // creates the streams
  connection = await Connection.open({ url: nats.url, name: 'test' });
  publisher = new Publisher(connection, PUBLISH_TIMEOUT_MS);
  await nats.pause();
});

afterEach(async () => {
  await nats.resume();
  publisher.stop();
  await connection.close();
  await nats.stop();
});

const newJob = () => jobAppendRequest(new JobScript().create());

test.each([1, 100])('each of %i appends fails at its deadline, whatever the timeout of a publish', async (count) => {
  const appender = new Appender(connection, publisher, OPTIONS);
  const appends = Array.from({ length: count }, () => appender.append(newJob(), 0));
  const outcomes = await Promise.allSettled(appends);
  expect(outcomes.map((outcome) => 'reason' in outcome && outcome.reason instanceof LogUnavailableError)).toEqual(
    outcomes.map(() => true),
  );
  await appender.stop();
});

const member = () => ({ request: newJob(), expected: 0 });

test('a batch that expires behind others is not sent when their acknowledgements come', async () => {
  const appender = new BatchAppender(connection, publisher, OPTIONS);
  const batches = Array.from({ length: 5 }, () => appender.append([member(), member()]));
  const outcomes = await Promise.allSettled(batches);
  expect(outcomes.map(({ status }) => status)).toEqual(batches.map(() => 'rejected'));
  await nats.resume();
  const patient = new BatchAppender(connection, publisher, { ...OPTIONS, deadlineMs: 30_000 });
  // Four batches were sent. Their acknowledgements come before that of the next one, which is sent meanwhile.
  expect(await patient.append([member()])).toEqual([9]);
  expect(await patient.append([member()])).toEqual([10]);
});

test('a batch fails at its deadline, whatever the timeout of a publish', async () => {
  const appender = new BatchAppender(connection, publisher, OPTIONS);
  await expect(appender.append([member(), member()])).rejects.toThrow(LogUnavailableError);
  await appender.stop();
});
