import { beforeEach, expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';

const { api } = useStage();
let count = 0;
let name: string;

beforeEach(() => {
  name = `report-${++count}`;
});

interface Schedule {
  readonly job: Readonly<Record<string, unknown>>;
}

async function send(
  method: string,
  path: string,
  body?: object,
): Promise<Schedule & Readonly<Record<string, unknown>>> {
  const init = { method, headers: { 'content-type': 'application/json' } };
  const response = await api.fetch(`/api/${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  expect(response.ok).toBe(true);
  return (await response.json()) as Schedule & Readonly<Record<string, unknown>>;
}

const yearly = { cron: '0 0 1 1 *' };
const defaults = { maxAttempts: 4, backoff: { type: 'fixed', delayMs: 50 } } as const;

test('a schedule shows the settings that its next job gets, and which of them it leaves to the definition', async () => {
  const job = { type: name, timeoutMs: 1_000 };
  const before = await send('POST', 'schedules', { name, ...yearly, job });
  expect(before.job).toMatchObject({ maxAttempts: 5, timeoutMs: 1_000, unset: ['maxAttempts', 'backoff'] });
  await announceWorker(api, { type: name, defaults: { ...defaults, timeoutMs: 2_000 } });
  const after = { ...defaults, timeoutMs: 1_000, unset: ['maxAttempts', 'backoff'] };
  expect((await send('GET', `schedules/${name}`)).job).toMatchObject(after);
  const { items } = (await send('GET', 'schedules')) as unknown as { items: (Schedule & { name: string })[] };
  expect(items.find((one) => one.name === name)?.job).toMatchObject(after);
});

test('a change leaves unset what was, and sets what it names', async () => {
  await announceWorker(api, { type: name, defaults });
  await send('POST', 'schedules', { name, ...yearly, job: { type: name } });
  const changed = await send('PATCH', `schedules/${name}`, { job: { payload: 7 } });
  expect(changed.job).toMatchObject({ ...defaults, payload: 7, unset: ['maxAttempts', 'backoff', 'timeoutMs'] });
  const named = await send('PATCH', `schedules/${name}`, { job: { maxAttempts: 2 } });
  expect(named.job).toMatchObject({ ...defaults, maxAttempts: 2, unset: ['backoff', 'timeoutMs'] });
  const whole = { type: name, ...defaults, timeoutMs: 1_000 };
  const replaced = await send('PUT', `schedules/${name}`, { ...yearly, job: whole });
  expect(replaced.job).not.toHaveProperty('unset');
});

test('the job of a run has the settings of its definition', async () => {
  const { worker } = await announceWorker(api, { type: name, defaults });
  await send('POST', 'schedules', { name, ...yearly, job: { type: name, backoff: { type: 'exponential' } } });
  const { id } = await send('POST', `schedules/${name}/run`);
  expect(await send('GET', `jobs/${String(id)}`)).toMatchObject({
    maxAttempts: 4,
    backoff: { type: 'exponential' },
    byDefinition: { settings: ['maxAttempts'], worker },
  });
});

test('a schedule names the worker whose definition names it, as long as one does', async () => {
  await announceWorker(api, { type: name, schedule: 'another' });
  await send('POST', 'schedules', { name, ...yearly, job: { type: name } });
  expect(await send('GET', `schedules/${name}`)).not.toHaveProperty('definedBy');
  await announceWorker(api, { type: name, schedule: name, startedAt: '2026-01-01T00:00:00Z' });
  {
    await using naming = await announceWorker(api, { type: name, schedule: name });
    expect(await send('GET', `schedules/${name}`)).toMatchObject({ definedBy: naming.worker });
  }
  const { definedBy } = await send('GET', `schedules/${name}`);
  expect(definedBy).toMatch(/^worker-/u);
});
