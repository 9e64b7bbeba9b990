import { AckPolicy, jetstream, type JsMsg } from '@nats-io/jetstream';
import { baselineAttempt, baselineCreation, type BaselinePublish } from '../../baseline/baselineAttempt.ts';
import { BaselineBatches } from '../../baseline/baselineBatches.ts';
import { BaselinePublisher } from '../../baseline/baselinePublisher.ts';
import { openBaselineStream, BASELINE_STREAM, type BaselineStream } from '../../baseline/baselineStream.ts';
import { startNats } from '../../servers/startNats.ts';
import type { ConnectOptions, JobClient, JobSystem, Payload } from '../jobSystem.ts';
import { openTable } from '../openTable.ts';
import { serveBaselineWithTable } from './serveBaselineWithTable.ts';

const CONSUMER = 'bench';
/** Asked for at once, for each slot. Nothing bounds how many are under way: the floor has no slots. */
const ASKED_FOR_A_SLOT = 4;
const NANOS_PER_S = 1_000_000_000;

/** What our design cannot do without, and nothing else: the floor. */
export const baseline: JobSystem = {
  name: 'Baseline',
  notes: [
    'The same three events a job, with the same expectations and group commit, on the same server, written with nothing else: no deadline, retry, validation, handler context, heartbeat, metric or log. It is no job system, but the floor of ours.',
  ],
  serve: startNats,
  connect,
};

/** The same with the least that keeps a table of finished jobs. */
export const baselineWithTable: JobSystem = {
  ...baseline,
  name: 'Baseline with table',
  notes: [
    'A bare reader follows the stream and copies a row of nine columns with three indexes into Postgres when a job has completed, ten times a second: no row of a job that waits or runs, no history, no counts.',
  ],
  serve: serveBaselineWithTable,
};

async function connect({ address, role, durability }: ConnectOptions): Promise<JobClient> {
  const [url = '', databaseUrl] = address.split(' ');
  const stream = await openBaselineStream(url);
  const table = await openTable(role === 'producer' ? databaseUrl : undefined);
  const publisher = durability === 'fsync' ? new BaselineBatches(stream.nats) : new BaselinePublisher(stream.nats);
  return {
    async enqueueMany(payloads) {
      await Promise.all(payloads.map((payload) => create(publisher, payload)));
    },
    enqueue: (payload) => create(publisher, payload),
    work: (concurrency, run) => work(stream, publisher, { askedFor: concurrency * ASKED_FOR_A_SLOT, run }),
    async completed(ids) {
      if (table === undefined) return [];
      const sql = 'SELECT id FROM baseline_jobs WHERE id = ANY($1::uuid[])';
      return (await table.query<{ id: string }>(sql, [ids])).rows.map(({ id }) => id);
    },
    async close() {
      await stream.nats.close();
      await table?.end();
    },
  };
}

function create(publisher: BaselinePublish, payload: Payload): Promise<string> {
  return new Promise((resolve) => baselineCreation(publisher, payload, resolve));
}

interface Work {
  readonly askedFor: number;
  readonly run: (payload: Payload) => Promise<void>;
}

async function work(
  { nats, manager }: BaselineStream,
  publisher: BaselinePublish,
  { askedFor, run }: Work,
): Promise<void> {
  await manager.consumers.add(BASELINE_STREAM, {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 60 * NANOS_PER_S,
    filter_subject: 'baseline.bench.*.created',
    max_ack_pending: 10_000,
  });
  const consumer = await jetstream(nats).consumers.get(BASELINE_STREAM, CONSUMER);
  const runPayload = (payload: unknown, onRun: () => void) => void run(payload as Payload).then(onRun);
  const callback = (message: JsMsg) => baselineAttempt(message, publisher, runPayload, () => {});
  await consumer.consume({ max_messages: askedFor, callback });
}
