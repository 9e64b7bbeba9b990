import { AckPolicy, jetstream, type JsMsg } from '@nats-io/jetstream';
import { encodeJobEvent } from '@jobstream/domain';
import { BarePublisher } from '../../ruler/barePublisher.ts';
import { inFlight } from '../../ruler/inFlight.ts';
import { openRulerStream, RULER_STREAM, type RulerStream } from '../../ruler/rulerStream.ts';
import { creationOf } from '../../systems/jobstream/creationOf.ts';
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
        const event = creationOf({ n, dueAt: 0 });
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
  const onMessage = (message: JsMsg) =>
    attempt(message, publisher, () => {
      answered += 1;
      if (answered === count) resolve();
    });
  const consumer = await jetstream(nats).consumers.get(RULER_STREAM, name);
  const messages = await consumer.consume({ max_messages: HELD, callback: onMessage });
  await done;
  await messages.close();
  await nats.flush();
}

interface Envelope {
  readonly id: string;
  readonly jobId: string;
  readonly jobType: string;
}

/** Events like ours, of the same size. */
function attempt(message: JsMsg, publisher: BarePublisher, onDone: () => void): void {
  const { id, jobId, jobType } = message.json<Envelope>();
  const base = message.subject.slice(0, message.subject.lastIndexOf('.'));
  const event = (name: string, version: number, data: object) => {
    const [own, at] = [crypto.randomUUID(), new Date().toISOString()];
    const actor = { kind: 'worker', id: 'worker-of-the-ruler' };
    const envelope = { v: 1, id: own, event: name, jobId, jobType, version, at, actor, causationId: id };
    return Buffer.from(JSON.stringify({ ...envelope, data }));
  };
  const filter = `${base}.>`;
  const started = event('JobStarted', 2, { attempt: 1, worker: 'worker-of-the-ruler' });
  publisher.publish({ subject: `${base}.started`, body: started, expected: message.seq, filter }, (sequence) => {
    const completed = event('JobCompleted', 3, { attempt: 1, durationMs: 0 });
    publisher.publish({ subject: `${base}.completed`, body: completed, expected: sequence, filter }, () => {
      message.ack();
      onDone();
    });
  });
}
