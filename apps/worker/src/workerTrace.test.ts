import { EventLog } from '@jobstream/eventlog';
import { createLogger, Tracing } from '@jobstream/runtime';
import { startNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { expect, test } from 'vitest';
import { defineHandler } from './handler/defineHandler.ts';
import { startTestWorker } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';
import { testJob } from '../testing/testContext.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** A creation in a trace, as an API process appends it. */
async function createTraced(natsUrl: string, jobType: string): Promise<void> {
  const eventLog = new EventLog({ url: natsUrl, name: 'test', traceparent: () => TRACE });
  await eventLog.start();
  const { id: jobId, createdAt: at } = testJob();
  const settings = {
    payload: null,
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 10 },
    timeoutMs: 60_000,
  } as const;
  const envelope = {
    v: 1,
    id: 'created',
    jobId,
    jobType,
    version: 1,
    at,
    actor: { kind: 'user', id: 'test' },
  } as const;
  await eventLog.append({ ...envelope, event: 'JobCreated', data: { ...settings, tags: [] } }, 0);
  await eventLog.stop();
}

test('without tracing, handlers and all events of a job, those after a timer included, stay in the trace of its creation', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  const seen: (string | undefined)[] = [];
  const handler = defineHandler({
    type: 'traced',
    payload: Schema.Unknown,
    run: (_payload, { attempt, traceparent }) => {
      seen.push(traceparent);
      if (attempt === 1) throw new Error('again');
    },
  });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const tracing = new Tracing({ endpoint: undefined, service: 'worker', logger });
  const eventLog = new EventLog({ url: nats.url, name: 'worker', traceparent: tracing.current });
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog, tracing });
  await createTraced(nats.url, handler.type);
  await log.storyUntil(testJob().id, 'completed');
  expect(seen).toEqual([TRACE, TRACE]);
  const traces: (string | undefined)[] = [];
  for await (const entries of log.eventLog.follow({ after: 0, traces: true })) {
    for (const entry of entries) if (entry.kind === 'event') traces.push(entry.traceparent);
    if (traces.length === 5) break;
  }
  expect(traces).toEqual([TRACE, TRACE, TRACE, TRACE, TRACE]);
});
