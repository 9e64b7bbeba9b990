import { startNats } from '@jobstream/test-support';
import { array, assert, asyncProperty, integer, record } from 'fast-check';
import { expect, test } from 'vitest';
import { batchHeaders, batchId, expectationHeaders } from '../../src/connection/headers.ts';
import { Connection } from '../../src/connection/connection.ts';
import { Publisher, type PublishOutcome } from '../../src/connection/publisher.ts';
import { openEventLog } from '../openEventLog.ts';
import { ModelStream, type ModelMessage } from './modelStream.ts';

/** An event of a job that expects one of the first messages, or that there is none. */
const arbitraryEvent = record({ job: integer({ min: 0, max: 3 }), expected: integer({ min: 0, max: 6 }) });
/** What is published together: one event alone, several of different jobs as an atomic batch. */
const arbitraryPublishes = array(array(arbitraryEvent, { minLength: 1, maxLength: 3 }), { maxLength: 8 });

type Events = readonly { readonly job: number; readonly expected: number }[];

function messagesOf(events: Events, run: number): readonly ModelMessage[] {
  const id = batchId();
  const isEachOnce = new Set(events.map(({ job }) => job)).size === events.length;
  return (isEachOnce ? events : events.slice(0, 1)).map(({ job, expected }, index, { length }) => {
    const owner = `0000000${job}-0000-4000-8000-${String(run).padStart(12, '0')}`;
    const subject = `jobs.email.${owner}.created`;
    const address = { subject, filter: `jobs.*.${owner}.*` };
    const batch = { id, position: index + 1, last: index === length - 1 };
    const headers = length === 1 ? expectationHeaders(expected, address) : batchHeaders(expected, address, batch);
    return { subject, body: Buffer.from('{}'), headers };
  });
}

function publish(messages: readonly ModelMessage[], publisher: Publisher): Promise<PublishOutcome> {
  return new Promise((resolve) => {
    for (const [index, { subject, body, headers }] of messages.entries()) {
      if (index < messages.length - 1) publisher.publishWithoutAck(subject, body, headers);
      else publisher.publish(subject, body, headers, resolve);
    }
  });
}

const essential = (outcome: PublishOutcome) => ({ ...outcome, description: undefined });

test('the stream in memory takes and refuses the same publishes as nats-server, with the same sequences', async () => {
  await using nats = await startNats();
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const publisher = new Publisher(connection, 30_000);
  let run = 0;
  const holds = asyncProperty(arbitraryPublishes, async (publishes) => {
    await using log = await openEventLog({ url: nats.url });
    const [model, before] = [new ModelStream(), await log.lastSequence()];
    run++;
    for (const events of publishes) {
      const inModel = model.take(messagesOf(events, run));
      const shifted = events.map(({ job, expected }) => ({ job, expected: expected === 0 ? 0 : expected + before }));
      const outcome = await publish(messagesOf(shifted, run), publisher);
      const back = outcome.kind === 'stored' ? { ...outcome, sequence: outcome.sequence - before } : outcome;
      expect(essential(inModel)).toEqual(essential(back));
    }
  });
  await assert(holds, { numRuns: 60 });
  publisher.stop();
  await connection.close();
});
