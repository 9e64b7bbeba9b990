import { setImmediate as turn } from 'node:timers/promises';
import { forEachTest, startNats } from '@jobstream/test-support';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { BatchPublisher } from '../connection/publisher.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openAppender } from '../../testing/openAppender.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { jobAppendRequest } from './appendRequest.ts';

const SWEEP_MS = 100;

/** An appender on a log of its own; answers to the first message wait until `answer` is called. */
async function openStage() {
  const nats = await startNats();
  const log = await openEventLog({ url: nats.url });
  const first = Promise.withResolvers<void>();
  const sent = { acknowledged: 0, batches: [] as number[] };
  const withheld = (publisher: BatchPublisher): BatchPublisher => ({
    publish(subject, body, headers, onOutcome) {
      sent.acknowledged += 1;
      const isFirst = sent.acknowledged === 1;
      publisher.publish(subject, body, headers, (outcome) => {
        if (isFirst) void first.promise.then(() => onOutcome(outcome));
        else onOutcome(outcome);
      });
    },
    publishWithoutAck: (...message) => publisher.publishWithoutAck(...message),
  });
  const observer = { appended: () => undefined, batchSent: (size: number) => void sent.batches.push(size) };
  const appender = await openAppender(nats.url, withheld, { observer });
  return {
    sent,
    answer: first.resolve,
    append: () => appender.append(jobAppendRequest(new JobScript().create()), 0),
    async [Symbol.asyncDispose]() {
      first.resolve();
      await appender[Symbol.asyncDispose]();
      await log.stop();
      await nats.stop();
    },
  };
}

const stage = forEachTest(openStage);

/** From now on nothing is looked after unless the test says so. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
});

test('appends that come one by one while another is under way are committed together', async () => {
  const first = stage.append();
  await turn();
  const others: Promise<number>[] = [];
  for (let made = 0; made < 4; made += 1) {
    others.push(stage.append());
    if (made < 3) await turn();
  }
  expect(stage.sent).toEqual({ acknowledged: 1, batches: [] });
  await Promise.all(others);
  expect(stage.sent).toEqual({ acknowledged: 2, batches: [4] });
  stage.answer();
  await first;
});

/** Appends two, one after the other; only the first is sent. */
async function appendTwo(): Promise<readonly Promise<number>[]> {
  const first = stage.append();
  await turn();
  const second = stage.append();
  await turn();
  expect(stage.sent.acknowledged).toBe(1);
  return [first, second];
}

test('appends that are too few for a batch go out when what was under way is stored', async () => {
  const appends = await appendTwo();
  stage.answer();
  await Promise.all(appends);
  expect(stage.sent).toEqual({ acknowledged: 2, batches: [] });
});

test('an append behind one that gets no answer is sent all the same', async () => {
  const appends = await appendTwo();
  vi.advanceTimersByTime(SWEEP_MS);
  expect(stage.sent.acknowledged).toBe(2);
  stage.answer();
  await Promise.all(appends);
});
