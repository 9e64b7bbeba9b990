import { jetstreamManager } from '@nats-io/jetstream';
import { startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { openEventLog } from '../../../testing/openEventLog.ts';
import { Connection } from '../../connection/connection.ts';
import { JOBS_STREAM } from '../../streams/streams.ts';
import { OrderedConsumer } from './orderedConsumer.ts';

test('opening fails as soon as the connection was lost with the request', async () => {
  await using nats = await startNats();
  await using _log = await openEventLog({ url: nats.url }); // creates the stream
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  // A client that waited for the response would exceed the time limit of this test.
  const manager = await jetstreamManager(connection.nats, { timeout: 600_000 });
  await nats.pause();
  const opening = OrderedConsumer.open({
    connection,
    manager,
    stream: JOBS_STREAM,
    after: 0,
    onMessage: () => undefined,
    onRequestEnded: () => undefined,
  });
  const failure = opening.catch(String);
  await nats.kill('SIGKILL');
  await nats.restart();
  expect(await failure).toBe('Error: the connection was lost');
  await connection.close();
});
