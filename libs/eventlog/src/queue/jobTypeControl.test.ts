import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { forEachTest, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { openEventLog } from '../../testing/openEventLog.ts';
import { ensureWorkConsumers } from './consumers/workConsumers.ts';
import { JobTypeControl } from './jobTypeControl.ts';

async function openStage() {
  const opening = new AsyncDisposableStack();
  const { url } = opening.use(await startNats());
  opening.use(await openEventLog({ url }));
  const connection = opening.adopt(await connect({ servers: url }), (open) => open.close());
  const manager = await jetstreamManager(connection);
  return { manager, control: new JobTypeControl(manager), [Symbol.asyncDispose]: () => opening.disposeAsync() };
}

const stage = forEachTest(openStage);
const ROUNDS = 30;

test('who has paused a type stays noted, whatever else of its consumers is changed in the same moment', async () => {
  const { manager, control } = stage;
  await ensureWorkConsumers(manager, { jobType: 'email' });
  for (let round = 1; round <= ROUNDS; round++) {
    const note = { by: { kind: 'user', id: `user ${round}` }, at: new Date().toISOString() } as const;
    const limits = { concurrency: round };
    await Promise.all([
      ensureWorkConsumers(manager, { jobType: 'email', limits }),
      control.pause('email', { note }),
      ensureWorkConsumers(manager, { jobType: 'email', limits }),
    ]);
    expect(await control.list()).toMatchObject([{ jobType: 'email', paused: true, pause: note, limits }]);
    await Promise.all([control.resume('email'), ensureWorkConsumers(manager, { jobType: 'email', limits })]);
    expect(await control.list()).toMatchObject([{ jobType: 'email', paused: false, limits }]);
  }
});
