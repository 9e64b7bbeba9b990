import { startNats } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { openEventLog } from '../../../testing/openEventLog.ts';
import { Connection } from '../../connection/connection.ts';
import { silentSink } from '../../connection/logSink.ts';
import { TYPES_STREAM } from '../../streams/streams.ts';
import { NewestMessages } from './newestMessages.ts';

test('a stop ends also while the consumer is being opened', async () => {
  await using nats = await startNats();
  await using _log = await openEventLog({ url: nats.url });
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const manager = await jetstreamManager(connection.nats);
  const options = { connection, manager, stream: TYPES_STREAM, sink: silentSink };
  const messages = new NewestMessages({ ...options, onMessage: () => {}, onSubjects: () => {} });
  const ended = Promise.all([messages.start(), messages.stop()]);
  await expect(ended).resolves.toBeDefined();
  await connection.close();
});
