import type { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { createDatabase, eventually, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { startApi } from '../../testing/startApi.ts';
import { followJob } from './followJob.ts';
import { LiveTail } from './liveTail.ts';

test('a replica that lags behind the tail hides no event', async () => {
  await using nats = await startNats();
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  await using api = await startApi({ natsUrl: nats.url, databaseUrl });
  const { id } = (await (await api.post('/api/jobs', { type: 'email' })).json()) as { id: string };
  await api.post(`/api/jobs/${id}/cancel`);
  const tail = new LiveTail({ log: api.log, logger: createLogger({ service: 'api', level: 'silent' }) });
  await tail.ensureStarted();
  const end = await api.log.lastSequence();
  await eventually(() => expect(tail.watch(id, { onEvent() {}, onEnd() {} }).recent).toHaveLength(end));
  const { contents } = api.log;
  const readWholeHistory = async () => (await api.log.readWholeHistory(id)).slice(0, 1);
  const lagging = Object.create(api.log, {
    contents: { value: contents },
    readWholeHistory: { value: readWholeHistory },
  }) as EventLog;
  const versions: number[][] = [];
  for await (const { events } of followJob(id, { log: lagging, tail }, new AbortController().signal)) {
    versions.push(events.map(({ event }) => event.version));
    if (versions.length === 2) break;
  }
  expect(versions).toEqual([[1], [2]]);
  await tail.stop();
});
