import { eventually, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

const scrape = async () => (await api.fetch('/metrics')).text();

/** An answer is measured when it is out, which may be a moment after its client has it. */
const missing = async (...lines: string[]) => {
  let absent: string[] = [];
  await eventually(async () => {
    const text = await scrape();
    absent = lines.filter((line) => !text.includes(`${line}\n`));
    expect(absent).toEqual([]);
  }).catch(() => undefined);
  return absent;
};

const count = (labels: string) => `jobstream_http_request_duration_seconds_count{${labels}}`;

test('requests are counted by method, pattern of the route and class of the status, whatever their paths', async () => {
  const created = await api.post('/api/jobs', { type: 'email' });
  const { id } = (await created.json()) as { id: string };
  await api.fetch(`/api/jobs/${id}`);
  for (const path of ['/api/jobs/one', '/api/jobs/two', '/nowhere', '/nowhere/else']) await api.fetch(path);
  await api.post('/api/jobs', { type: 'NO' });
  await api.fetch('/api/jobs', { method: 'DELETE' });
  const absent = await missing(
    `${count('method="POST",route="/api/jobs",status="2xx"')} 1`,
    `${count('method="POST",route="/api/jobs",status="4xx"')} 1`,
    `${count('method="GET",route="/api/jobs/:id",status="2xx"')} 1`,
    `${count('method="GET",route="/api/jobs/:id",status="4xx"')} 2`,
    `${count('method="GET",route="none",status="4xx"')} 2`,
    `${count('method="DELETE",route="/api/jobs",status="4xx"')} 1`,
  );
  expect(absent).toEqual([]);
  const text = await scrape();
  expect(text).not.toContain(id);
  expect(text).not.toContain('nowhere');
});

test('probes are not counted: they would hide what clients see', async () => {
  for (const path of ['/health/live', '/livez', '/health/ready', '/readyz', '/metrics']) await api.fetch(path);
  await api.fetch('/');
  expect(await missing(`${count('method="GET",route="/",status="2xx"')} 1`)).toEqual([]);
  expect(await scrape()).not.toMatch(/route="\/(health|metrics)/);
});

test('a method that only one client knows makes no series of its own', async () => {
  await api.fetch('/api/jobs', { method: 'PROPFIND' });
  expect(await missing(`${count('method="other",route="/api/jobs",status="4xx"')} 1`)).toEqual([]);
});

test('what waits is shown by type, with its age', async () => {
  const held = Promise.withResolvers<void>();
  const type = 'waiting';
  await api.log.openQueue({ jobType: type, concurrency: 1, ackWaitMs: 60_000, onDelivery: () => held.promise });
  for (let created = 0; created < 3; created++) await api.post('/api/jobs', { type });
  const absent = await missing(
    `jobstream_backlog_jobs{type="${type}"} 2`,
    `jobstream_in_flight_jobs{type="${type}"} 1`,
    'jobstream_pending_timers 0',
  );
  expect(absent).toEqual([]);
  expect(Number(/oldest_age_seconds{type="waiting"} (\S+)/.exec(await scrape())?.[1])).toBeGreaterThan(0);
  held.resolve();
});

test('living workers are counted by type, and the jobs of types without one', async () => {
  await announceWorker(api, { type: 'served' });
  await announceWorker(api, { type: 'served' });
  await announceWorker(api, { type: 'abandoned', live: false });
  for (const type of ['served', 'abandoned']) await api.post(`/api/types/${type}/pause`);
  for (const type of ['served', 'abandoned', 'abandoned', 'misspelt']) await api.post('/api/jobs', { type });
  await projectAll(api.log, stage.databaseUrl);
  const absent = await missing(
    'jobstream_live_workers{type="served"} 2',
    'jobstream_live_workers{type="abandoned"} 0',
    'jobstream_jobs_without_worker{type="abandoned"} 2',
    'jobstream_jobs_without_worker{type="misspelt"} 1',
  );
  expect(absent).toEqual([]);
  expect(await scrape()).not.toContain('jobstream_jobs_without_worker{type="served"}');
});

test('appends are measured by their outcome', async () => {
  const before = /append_duration_seconds_count{outcome="stored"} (\d+)/.exec(await scrape())?.[1] ?? 0;
  await api.post('/api/jobs', { type: 'email' });
  const after = Number(before) + 1;
  expect(await missing(`jobstream_append_duration_seconds_count{outcome="stored"} ${after}`)).toEqual([]);
});

test('while the log is unavailable a scrape omits its figures', async () => {
  await using other = await startNats();
  await using lonely = await startApi({ natsUrl: other.url, databaseUrl: stage.databaseUrl });
  await other.stop();
  await eventually(async () => expect((await lonely.fetch('/health/ready')).status).toBe(503));
  const text = await (await lonely.fetch('/metrics')).text();
  expect(text).toContain('jobstream_http_requests_in_flight 1\n');
  expect(text).not.toMatch(/^jobstream_(backlog|pending|live|jobs)/m);
});

test('the scrape itself is in flight while it is answered', async () => {
  expect(await scrape()).toContain('jobstream_http_requests_in_flight 1\n');
});
