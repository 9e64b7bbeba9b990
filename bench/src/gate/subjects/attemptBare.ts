import { AckPolicy, jetstream, type JsMsg } from '@nats-io/jetstream';
import { encodeJobEvent } from '@jobstream/domain';
import { newJob } from '@jobstream/testing';
import { bareAttempt } from '../../ruler/bareAttempt.ts';
import { BarePublisher } from '../../ruler/barePublisher.ts';
import { inFlight } from '../../measure/concurrency.ts';
import { openRulerStream, RULER_STREAM, type RulerStream } from '../../ruler/rulerStream.ts';
import type { Subject } from './subject.ts';

const IN_FLIGHT = 1_000;
const HELD = 200;
const NANOS_PER_S = 1_000_000_000;

/** Consume, two publishes that build on each other, acknowledge: an attempt without a thought. */
export async function attemptBare(address: string): Promise<Subject> {
  const stream = await openRulerStream(address);
  const publisher = new BarePublisher(stream.nats);
  let round = 0;
  return {
    async prepare(count) {
      round += 1;
      await inFlight(count, IN_FLIGHT, (n, done) => {
        const event = newJob({ n, dueAt: 0 });
        const filter = `ruler.round-${round}.${event.jobId}.>`;
        const subject = `ruler.round-${round}.${event.jobId}.created`;
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

async function consume({ nats, manager }: RulerStream, publisher: BarePublisher, { round, count }: Round) {
  const name = `round-${round}`;
  await manager.consumers.add(RULER_STREAM, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 60 * NANOS_PER_S,
    filter_subject: `ruler.${name}.*.created`,
    max_ack_pending: 10_000,
  });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  const onDone = () => {
    answered += 1;
    if (answered === count) resolve();
  };
  const onMessage = (message: JsMsg) => bareAttempt(message, publisher, (_payload, onRun) => onRun(), onDone);
  const consumer = await jetstream(nats).consumers.get(RULER_STREAM, name);
  const messages = await consumer.consume({ max_messages: HELD, callback: onMessage });
  await done;
  await messages.close();
  await nats.flush();
}
