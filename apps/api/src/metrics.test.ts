import { migrate } from '@jobstream/readmodel';
import { createDatabase, eventually, startNats, type TestNats } from '@jobstream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from './testing/startApi.ts';

let nats: TestNats;
let api: TestApi;

beforeAll(async () => {
  const [server, databaseUrl] = await Promise.all([startNats(), createDatabase()]);
  nats = server;
  await migrate(databaseUrl);
  api = await startApi({ natsUrl: nats.url, databaseUrl });
});

afterAll(async () => {
  await api.stop();
  await nats[Symbol.asyncDispose]();
});

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
  await api.fetch('/livez');
  await api.fetch('/api/jobs', { method: 'DELETE' });
  const absent = await missing(
    `${count('method="POST",route="/api/jobs",status="2xx"')} 1`,
    `${count('method="POST",route="/api/jobs",status="4xx"')} 1`,
    `${count('method="GET",route="/api/jobs/:id",status="2xx"')} 1`,
    `${count('method="GET",route="/api/jobs/:id",status="4xx"')} 2`,
    `${count('method="GET",route="none",status="4xx"')} 2`,
    `${count('method="GET",route="/health/live",status="2xx"')} 1`,
    `${count('method="DELETE",route="/api/jobs",status="4xx"')} 1`,
  );
  expect(absent).toEqual([]);
  const text = await scrape();
  expect(text).not.toContain(id);
  expect(text).not.toContain('nowhere');
});

test('a method that only one client knows makes no series of its own', async () => {
  await api.fetch('/api/jobs', { method: 'PROPFIND' });
  expect(await missing(`${count('method="other",route="/api/jobs",status="4xx"')} 1`)).toEqual([]);
});

test('the scrape itself is in flight while it is answered', async () => {
  expect(await scrape()).toContain('jobstream_http_requests_in_flight 1\n');
});
