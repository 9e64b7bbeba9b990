import { encodeJobEvent } from '@jobstream/domain';
import { newJob } from '@jobstream/test-support';
import { BaselinePublisher } from '../../baseline/baselinePublisher.ts';
import { openBaselineStream } from '../../baseline/baselineStream.ts';
import { inFlight } from '../../measure/concurrency.ts';
import type { Subject } from './subject.ts';

const IN_FLIGHT = 1_000;

/** The same texts, each published with the same expectation. */
export async function appendBaseline(address: string): Promise<Subject> {
  const { nats } = await openBaselineStream(address);
  const publisher = new BaselinePublisher(nats);
  let texts: { id: string; text: string }[] = [];
  return {
    async prepare(count) {
      const events = Array.from({ length: count }, (_, n) => newJob({ n, dueAt: 0 }));
      texts = events.map((event) => ({ id: event.jobId, text: encodeJobEvent(event) }));
    },
    run: (count) =>
      inFlight(count, IN_FLIGHT, (index, done) => {
        const { id = '', text = '' } = texts[index] ?? {};
        const filter = `baseline.append.${id}.>`;
        const subject = `baseline.append.${id}.created`;
        publisher.publish({ subject, body: Buffer.from(text), expected: 0, filter }, done);
      }),
  };
}
