import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { useEventLog } from '../../testing/openEventLog.ts';

const on = useEventLog();

test.each([
  ['a type', 'types.email.$settings', () => on.log.announcements.removeType('email')],
  ['a worker', 'types.$removed.w1', () => on.log.announcements.removeWorker('w1')],
])('the note that %s was removed expires', async (_what, subject, remove) => {
  const connection = await connect({ servers: on.nats.url });
  onTestFinished(() => connection.close());
  await remove();
  const manager = await jetstreamManager(connection);
  const note = await manager.streams.getMessage('TYPES', { last_by_subj: subject });
  expect(note?.header.get('Nats-TTL')).toMatch(/^\d+[smh]$/);
});
