import { consumerNames, exhaustConsumers } from '@jobstream/eventlog/testing/streamConsumers';
import { eventually } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { type ApiStage, useStage } from '../../testing/apiStage.ts';
import { carryOut } from '../../testing/carryOut.ts';
import { openFeed } from '../../testing/openFeed.ts';

const start = { kind: 'StartAttempt', worker: 'worker-1' } as const;
const complete = { kind: 'CompleteAttempt', attempt: 1, durationMs: 1, result: 'done' } as const;

async function newJob({ api }: ApiStage, type: string): Promise<string> {
  return ((await (await api.post('/api/jobs', { type })).json()) as { id: string }).id;
}

const bodyOf = async (response: Promise<Response>) => (await (await response).json()) as Record<string, unknown>;

/** Waits for a job, and carries it out when the wait has begun; returns the answer. */
async function awaited(stage: ApiStage, id: string, ms: number): Promise<Record<string, unknown>> {
  const answer = bodyOf(stage.api.fetch(`/api/jobs/${id}?wait=${ms}ms`));
  await bodyOf(stage.api.fetch(`/api/jobs/${id}`));
  await carryOut(stage.api, id, start, complete);
  return answer;
}

describe('jobs of 2,000 types that no worker handles', () => {
  const stage = useStage();

  test('cost no consumers, and neither feeds nor waits nor a new type suffer from them', async () => {
    for (const half of ['one', 'other']) {
      const jobs = Array.from({ length: 1_000 }, (_, index) => ({ type: `${half}-${index}` }));
      expect((await stage.api.post('/api/jobs/batch', { jobs })).status).toBe(201);
    }
    await announceWorker(stage.api, { type: 'wanted' });
    await eventually(async () => expect(await consumerNames(stage.nats.url)).toContain('due-wanted'));
    using feed = await openFeed(`${stage.api.url}/api/events?type=wanted`);
    const id = await newJob(stage, 'wanted');
    expect(await awaited(stage, id, 60_000)).toMatchObject({ status: 'completed' });
    expect(await feed.received(3)).toMatchObject([{ event: 'JobCreated' }, { event: 'JobStarted' }, {}]);
    const names = await consumerNames(stage.nats.url);
    expect(names.filter((name) => name.startsWith('worker-'))).toEqual(['worker-wanted']);
  });
});

describe('while the log cannot be followed, since it has as many consumers as the server allows', () => {
  const stage = useStage();

  const readiness = async () => bodyOf(stage.api.fetch('/health/ready'));

  test('a wait reads the job again, and the process is not ready until it can', async () => {
    const free = await exhaustConsumers(stage.nats.url);
    const id = await newJob(stage, 'email');
    expect(await awaited(stage, id, 1_500)).toMatchObject({ status: 'completed' });
    const reasons = { log: 'the log cannot be followed: maximum consumers limit reached' };
    await eventually(async () => expect(await readiness()).toMatchObject({ status: 'not ready', reasons }));
    await free();
    await eventually(async () => expect(await readiness()).toMatchObject({ status: 'ready' }));
  });
});
