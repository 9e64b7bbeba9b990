import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';

const { api } = useStage();

async function workerOf(id: string): Promise<Record<string, unknown> | undefined> {
  const { items } = (await (await api.fetch('/api/workers')).json()) as { items: Record<string, unknown>[] };
  return items.find(({ worker }) => worker === id);
}

test('a living worker is listed with what it runs', async () => {
  const run = {
    jobId: randomUUID(),
    type: 'email',
    attempt: 2,
    runId: randomUUID(),
    startedAt: '2026-11-27T08:00:00Z',
  };
  const { worker } = await announceWorker(api, { type: 'email', version: '1.4.0', running: [run] });
  expect(await workerOf(worker)).toEqual({
    worker,
    live: true,
    name: 'tests',
    version: '1.4.0',
    runtime: 'tests/1.0.0',
    host: 'build-7',
    pid: 4_711,
    startedAt: expect.any(String),
    types: ['email'],
    runningCount: 1,
    running: [run],
  });
});

test('a worker that ended in order says when, one that was lost does not', async () => {
  const stoppedAt = '2026-11-27T08:00:00.000Z';
  const ended = await announceWorker(api, { type: 'email', live: false, stoppedAt });
  const lost = await announceWorker(api, { type: 'email', live: false });
  expect(await workerOf(ended.worker)).toMatchObject({ live: false, stoppedAt });
  expect(await workerOf(lost.worker)).not.toHaveProperty('stoppedAt');
});

test('a worker that is gone is listed until it is removed; twice is fine', async () => {
  const { worker } = await announceWorker(api, { type: 'email', live: false });
  expect(await workerOf(worker)).toMatchObject({ live: false, types: ['email'], running: [] });
  for (const _twice of [1, 2]) {
    expect((await api.fetch(`/api/workers/${worker}`, { method: 'DELETE' })).status).toBe(204);
  }
  await eventually(async () => expect(await workerOf(worker)).toBeUndefined());
});
