import { connect } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Delivery } from '../queue/delivery.ts';
import type { EventLog } from '../eventLog.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const OTHER_TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

let nats: Awaited<ReturnType<typeof startNats>>;
let log: EventLog;
let current: string | undefined;

beforeAll(async () => {
  nats = await startNats();
  log = await openEventLog({ url: nats.url, traceparent: () => current });
});

afterAll(async () => {
  await log.stop();
  await nats.stop();
});

beforeEach(() => {
  current = undefined;
});

/** The headers of a stored message, as any client sees them. */
async function headersOf(sequence: number): Promise<Record<string, string[]>> {
  const connection = await connect({ servers: nats.url });
  try {
    const reply = await connection.request('$JS.API.DIRECT.GET.JOBS', JSON.stringify({ seq: sequence }));
    return Object.fromEntries([...(reply.headers ?? [])].filter(([name]) => !/^Nats-(Str|Subj|Seq|Time)/.test(name)));
  } finally {
    await connection.close();
  }
}

test('an append carries the trace context of its caller', async () => {
  current = TRACE;
  expect(await headersOf(await log.append(new JobScript().create(), 0))).toMatchObject({ traceparent: [TRACE] });
});

test('each of many concurrent appends carries its own trace context, in batches as well', async () => {
  const sequences = await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      current = index % 2 === 0 ? TRACE : OTHER_TRACE;
      return log.append(new JobScript().create(), 0);
    }),
  );
  expect(await headersOf(sequences[0] ?? 0)).toMatchObject({ traceparent: [TRACE] });
  expect(await headersOf(sequences[1] ?? 0)).toMatchObject({ traceparent: [OTHER_TRACE] });
  current = TRACE;
  const first = await log.appendAll([new JobScript().create(), new JobScript().create()]);
  expect(await headersOf(first + 1)).toMatchObject({ traceparent: [TRACE] });
});

test.each([
  ['another header behind it', `${TRACE}\r\nNats-Rollup: all`],
  ['a line break at its end', `${TRACE}\n`],
  ['anything else', 'no trace'],
  ['nothing', undefined],
])('an append with %s as traceparent has neither a trace header nor an injected one', async (_what, traceparent) => {
  current = traceparent;
  const headers = await headersOf(await log.append(new JobScript().create(), 0));
  expect(Object.keys(headers)).toEqual(['Nats-Expected-Last-Subject-Sequence']);
});

test('a delivery has the trace context of its event, or of the call that set the timer', async () => {
  const jobType = 'traced';
  const deliveries: Delivery[] = [];
  const onDelivery = (delivery: Delivery) => {
    deliveries.push(delivery);
    delivery.ack();
    return Promise.resolve();
  };
  const queue = await log.openQueue({ jobType, concurrency: 5, ackWaitMs: 60_000, onDelivery });
  const job = new JobScript({ jobType });
  current = TRACE;
  await log.append(job.create(), 0);
  await eventually(() => expect(deliveries).toHaveLength(1));
  current = OTHER_TRACE;
  await log.scheduleWake({ jobId: job.jobId, jobType, at: new Date().toISOString() });
  await eventually(() => expect(deliveries).toHaveLength(2));
  await queue.stop();
  expect(deliveries.map(({ traceparent }) => traceparent)).toEqual([TRACE, OTHER_TRACE]);
});

test.each([true, false])('a follower with traces: %s gets events accordingly', async (traces) => {
  const after = await log.lastSequence();
  current = TRACE;
  await log.append(new JobScript().create(), 0);
  const feed = log.follow({ after, traces });
  for await (const [entry] of feed) {
    expect(entry).toMatchObject({ kind: 'event', sequence: after + 1 });
    expect(entry && 'traceparent' in entry ? entry.traceparent : undefined).toBe(traces ? TRACE : undefined);
    break;
  }
});
