import { randomBytes } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { openFeed } from '../../../testing/openFeed.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import type { TestApi } from '../../../testing/startApi.ts';

const inClear = useStage();
const encrypted = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });

/** A number with these digits in the JSON text of an event, as a worker in another language writes it. */
const digits = (text: string) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

/** Creates a job and completes it with a result; returns its id. */
async function complete(api: TestApi, result: unknown): Promise<string> {
  const { id } = (await (await api.post('/api/jobs', { type: 'email' })).json()) as { id: string };
  const start = { kind: 'StartAttempt', worker: 'python' } as const;
  await carryOut(api, id, start, { kind: 'CompleteAttempt', attempt: 1, durationMs: 1, result });
  return id;
}

const get = async (api: TestApi, path: string) => (await (await api.fetch(path)).json()) as Record<string, unknown>;

/** The result and its mark wherever the API shows them. */
async function shown({ api, databaseUrl }: typeof inClear, result: unknown) {
  const id = await complete(api, result);
  const fromLog = await get(api, `/api/jobs/${id}?wait=1ms`);
  using feed = await openFeed(`${api.url}/api/events?after=0&event=JobCompleted`);
  await eventually(() => expect(feed.events.map(({ data }) => data.jobId)).toContain(id));
  await projectAll(api.log, databaseUrl);
  const { items } = (await get(api, `/api/jobs/${id}/events`)) as { items: { data: Record<string, unknown> }[] };
  const parts = [
    fromLog,
    await get(api, `/api/jobs/${id}`),
    items.at(-1)?.data,
    feed.events.find(({ data }) => data.jobId === id)?.data['data'],
  ];
  return parts.map((part) => {
    const { result: value, resultInexact } = part as Record<string, unknown>;
    return { result: value, resultInexact };
  });
}

describe.each([
  ['in clear', inClear],
  ['encrypted', encrypted],
])('a result that is stored %s', (_how, stage) => {
  test('with an integer that JavaScript does not hold is shown rounded, and marked, from log, table, history and feed', async () => {
    for (const part of await shown(stage, { id: digits('9007199254740993') })) {
      expect(part).toEqual({ result: { id: 9_007_199_254_740_992 }, resultInexact: true });
    }
  });

  test('with a number beyond all doubles is shown as null, and marked', async () => {
    for (const part of await shown(stage, [1, digits('1e999')])) {
      expect(part).toEqual({ result: [1, null], resultInexact: true });
    }
  });

  test('with large numbers that JavaScript writes as they were is not marked', async () => {
    for (const part of await shown(stage, [2 ** 60, 1e300, '9007199254740993'])) {
      expect(part).toEqual({ result: [2 ** 60, 1e300, '9007199254740993'], resultInexact: undefined });
    }
  });
});
