import { JobProjection } from '@jobstream/readmodel';
import { eventually } from '@jobstream/test-support';
import { expect, onTestFinished, test, vi } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;
let types = 0;

/** Creates a job of a type of its own; returns the type, and the position that the API answers. */
async function create(): Promise<{ readonly type: string; readonly position: number }> {
  const type = `positioned-${++types}`;
  const created = await api.post('/api/jobs', { type });
  return { type, position: positionOf(created) };
}

function positionOf({ headers }: Response): number {
  return Number(headers.get('jobstream-position') ?? Number.NaN);
}

async function project(): Promise<void> {
  await projectAll(api.log, stage.databaseUrl);
}

test.each([
  ['a list', (type: string) => `/api/jobs?type=${type}`, (answer: Answer) => answer.items?.length],
  [
    'statistics',
    () => '/api/stats?window=1h',
    (answer: Answer, type: string) => answer.jobs?.byType[type]?.['pending'],
  ],
])('%s waits for the position of a change', async (_name, addressOf, count) => {
  const { type, position } = await create();
  const address = new URL(addressOf(type), api.url);
  address.searchParams.set('minPosition', String(position));
  const answered = fetch(address);
  await project();
  const answer = await answered;
  expect(count((await answer.json()) as Answer, type)).toBe(1);
  expect(answer.headers.get('jobstream-table-lag')).toBeNull();
});

test('what waits for the position of a change lets the projector know', async () => {
  const { type, position } = await create();
  const projection = await JobProjection.open(stage.databaseUrl);
  onTestFinished(() => projection.close());
  const heard = vi.fn<() => void>();
  await projection.onWaitingReader(heard);
  const told = async () => {
    await api.fetch(`/api/jobs?type=${type}&minPosition=${position}`);
    expect(heard).toHaveBeenCalled();
  };
  await eventually(told, { timeoutMs: 20_000 });
});

interface Answer {
  readonly items?: readonly object[];
  readonly jobs?: { readonly byType: Record<string, Record<string, number>> };
}

test.each(['/api/operations', '/api/jobs/cancel'])('%s chooses its jobs at the position of a change', async (path) => {
  const { type, position } = await create();
  const kind = path === '/api/operations' ? { kind: 'cancel', filter: { type } } : { type };
  const counted = api.post(`${path}?minPosition=${position}`, { ...kind, dryRun: true });
  await project();
  expect(await (await counted).json()).toMatchObject({ matched: 1 });
});

test('each change answers a position that has it, also what another process made of it', async () => {
  const created = await api.post('/api/jobs', { type: 'email' }, { 'idempotency-key': 'one' });
  const { id } = (await created.json()) as { id: string };
  expect(positionOf(created)).toBe(await api.log.lastSequence());
  await using other = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
  const repeated = await other.post('/api/jobs', { type: 'email' }, { 'idempotency-key': 'one' });
  expect([repeated.status, positionOf(repeated)]).toEqual([200, positionOf(created)]);
  const cancelled = await api.post(`/api/jobs/${id}/cancel`);
  expect(positionOf(cancelled)).toBe(positionOf(created) + 1);
  const batch = await api.post('/api/jobs/batch', { jobs: [{ type: 'email' }, { type: 'email' }] });
  expect(positionOf(batch)).toBe(positionOf(cancelled) + 2);
  expect((await api.fetch(`/api/jobs/${id}`)).headers.get('jobstream-position')).toBeNull();
});

test('an answer of a table that is behind is given in time, and says how old the table is', async () => {
  await using hasty = await startApi({
    natsUrl: stage.nats.url,
    databaseUrl: stage.databaseUrl,
    limits: { pastMs: 50 },
  });
  const { type, position } = await create();
  const behind = await hasty.fetch(`/api/jobs?type=${type}&minPosition=${position}`);
  expect(behind.headers.get('jobstream-table-lag')).toMatch(/^[0-9]+$/);
  expect(await behind.json()).toMatchObject({ items: [] });
  await project();
  // Nobody waits for it: this API is patient.
  const ofAnotherLog = await api.fetch(`/api/jobs?type=${type}&minPosition=${position + 1_000}`);
  expect(ofAnotherLog.headers.get('jobstream-table-lag')).toBe('0');
  expect(await ofAnotherLog.json()).toMatchObject({ items: [{ type }] });
});

test.each(['/api/jobs', '/api/stats', '/api/failures'])('%s refuses what is no position', async (path) => {
  const response = await api.fetch(`${path}?minPosition=-1`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ parameter: 'minPosition' }] });
});
