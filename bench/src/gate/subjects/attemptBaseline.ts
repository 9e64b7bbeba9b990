import { encodeJobEvent } from '@jobstream/domain';
import { newJob } from '@jobstream/test-support';
import { AckPolicy, jetstream, type JsMsg } from '@nats-io/jetstream';
import { baselineAttempt } from '../../baseline/baselineAttempt.ts';
import { BaselinePublisher } from '../../baseline/baselinePublisher.ts';
import { openBaselineStream, BASELINE_STREAM, type BaselineStream } from '../../baseline/baselineStream.ts';
import { inFlight } from '../../measure/concurrency.ts';
import type { Subject } from './subject.ts';

const IN_FLIGHT = 1_000;
const HELD = 200;
const NANOS_PER_S = 1_000_000_000;

/** Consume, two publishes that build on each other, acknowledge: an attempt and nothing else. */
export async function attemptBaseline(address: string): Promise<Subject> {
  const stream = await openBaselineStream(address);
  const publisher = new BaselinePublisher(stream.nats);
  let round = 0;
  return {
    async prepare(count) {
      round += 1;
      await inFlight(count, IN_FLIGHT, (n, done) => {
        const event = newJob({ n, dueAt: 0 });
        const filter = `baseline.round-${round}.${event.jobId}.>`;
        const subject = `baseline.round-${round}.${event.jobId}.created`;
        publisher.publish({ subject, body: Buffer.from(encodeJobEvent(event)), expected: 0, filter }, done);
      });
    },
    run: (count) => consume(stream, publisher, { round, count }),
  };
}

interface Round {
  readonly round: number;
  readonly count: number;
}

async function consume({ nats, manager }: BaselineStream, publisher: BaselinePublisher, { round, count }: Round) {
  const name = `round-${round}`;
  await manager.consumers.add(BASELINE_STREAM, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 60 * NANOS_PER_S,
    filter_subject: `baseline.${name}.*.created`,
    max_ack_pending: 10_000,
  });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  const onDone = () => {
    answered += 1;
    if (answered === count) resolve();
  };
  const onMessage = (message: JsMsg) => baselineAttempt(message, publisher, (_payload, onRun) => onRun(), onDone);
  const consumer = await jetstream(nats).consumers.get(BASELINE_STREAM, name);
  const messages = await consumer.consume({ max_messages: HELD, callback: onMessage });
  await done;
  await messages.close();
  await nats.flush();
}
