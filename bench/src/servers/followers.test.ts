import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { untilFollowed } from './followers.ts';

test('a stream is followed when each follower has all messages but those that it leaves for later', async () => {
  await using server = await startNats({ syncAlways: false });
  const login = { servers: server.url };
  const nats = await connect(login);
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'FOLLOWED', subjects: ['followed'] });
  for (let n = 0; n < 10; n += 1) await nats.request('followed');
  const positions = { table: [7, 9, 10], archive: [4, 6] };
  const next = (name: keyof typeof positions) => () => Promise.resolve(positions[name].shift() ?? Infinity);
  await untilFollowed({ login, stream: 'FOLLOWED' }, [
    { name: 'table', position: next('table') },
    { name: 'archive', position: next('archive'), leaves: 4 },
  ]);
  expect(positions).toEqual({ table: [], archive: [] });
  await nats.close();
});
