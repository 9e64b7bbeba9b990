import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { publishFirst } from '@jobstream/eventlog/testing/publishRaw';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { openFeed } from '../../testing/openFeed.ts';
import { projectAll } from '../../testing/projectAll.ts';

const stage = useStage();
const { api } = stage;

interface View {
  readonly id: string;
  readonly [field: string]: unknown;
}

async function post(path: string, body?: object): Promise<{ status: number; body: View }> {
  const response = await api.post(path, body);
  return { status: response.status, body: (await response.json()) as View };
}

async function get(path: string): Promise<{ status: number; body: View }> {
  const response = await api.fetch(path);
  return { status: response.status, body: (await response.json()) as View };
}

async function newJob(): Promise<string> {
  return (await post('/api/jobs', { type: 'email' })).body.id;
}

/** Appends a JobStarted of another version, as a newer release would. */
async function mark(id: string): Promise<void> {
  const snapshot = await api.log.readJob(id);
  const started = { v: 2, event: 'JobStarted', jobId: id, jobType: 'email', version: 2, fields: 'unknown here' };
  await api.log.append(started as unknown as JobEvent, snapshot?.sequence ?? 0);
}

async function markedJob(): Promise<string> {
  const id = await newJob();
  await mark(id);
  return id;
}

test('a job with an event of a newer release says so, from the log and from the table', async () => {
  const id = await markedJob();
  const expected = { status: 200, body: { status: 'pending', version: 2, unreadableEvents: 1 } };
  expect(await get(`/api/jobs/${id}?minVersion=2`)).toMatchObject(expected);
  await projectAll(api.log, stage.databaseUrl);
  expect(await get(`/api/jobs/${id}`)).toMatchObject(expected);
  const { body } = await get(`/api/jobs/${id}/events`);
  expect(body).toMatchObject({ items: [{ event: 'JobCreated' }] });
  expect((body['items'] as unknown[]).length).toBe(1);
});

test('neither waiting for such a job nor the feed of all events ends at the event', async () => {
  using feed = await openFeed(`${api.url}/api/events`);
  const marked = await newJob();
  const waiting = get(`/api/jobs/${marked}?wait=60s`);
  await feed.received(1); // the request is being handled by now
  await mark(marked);
  const id = await newJob();
  const events = await feed.received(2);
  expect(events.map(({ data }) => (data as { jobId: string }).jobId)).toEqual([marked, id]);
  expect((await post(`/api/jobs/${marked}/cancel`)).status).toBe(200);
  expect(await waiting).toMatchObject({ status: 200, body: { status: 'cancelled', version: 3, unreadableEvents: 1 } });
});

test('such a job can be cancelled and not retried, unless what cannot be read is discarded', async () => {
  const id = await markedJob();
  expect((await post(`/api/jobs/${id}/cancel`)).body).toMatchObject({ status: 'cancelled', unreadableEvents: 1 });
  const refused = { status: 409, body: { type: 'urn:jobstream:problem:job-unreadable' } };
  expect(await post(`/api/jobs/${id}/retry`)).toMatchObject(refused);
  const retried = await post(`/api/jobs/${id}/retry`, {
    discardUnreadable: true,
    reason: 'the upgrade was taken back',
  });
  expect(retried).toMatchObject({ status: 200, body: { status: 'pending', version: 4 } });
  expect(retried.body).not.toHaveProperty('unreadableEvents');
  const { body } = await get(`/api/jobs/${id}/events`);
  expect(body).toMatchObject({
    items: [{}, {}, { event: 'JobRequeued', data: { discarded: 1, reason: 'the upgrade was taken back' } }],
  });
  await eventually(async () => expect((await get(`/api/jobs/${id}`)).body).toMatchObject({ version: 4 }));
});

test.each([
  { token: 'created', v: 2, event: 'JobCreated' },
  { token: 'enlisted', v: 1, event: 'JobEnlisted' },
])('a job that only a newer release can read is said to be so: $event', async (first) => {
  const id = randomUUID();
  await publishFirst(stage.nats.url, { ...first, jobId: id, jobType: 'email' });
  const unreadable = { status: 409, body: { type: 'urn:jobstream:problem:job-unreadable' } };
  expect(await get(`/api/jobs/${id}`)).toMatchObject(unreadable);
  expect(await get(`/api/jobs/${id}/events`)).toMatchObject(unreadable);
  expect(await post(`/api/jobs/${id}/cancel`)).toMatchObject(unreadable);
});
