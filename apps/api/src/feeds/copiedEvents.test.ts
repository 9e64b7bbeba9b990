import { randomUUID } from 'node:crypto';
import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE, eventSubject } from '@jobstream/eventlog';
import { expireAllBut, publishRaw } from '@jobstream/eventlog/testing/publishRaw';
import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { openFeed } from '../../testing/openFeed.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

const actor = { kind: 'worker', id: 'worker-1' } as const;
const failure = {
  attempt: 1,
  durationMs: 1,
  error: { name: 'Error', message: 'down' },
  reason: 'unrecoverable',
} as const;

/** A job of this type, to which events can be appended as a worker does, and stored as no writer that keeps to the protocol does. */
async function newJob() {
  const { id: jobId } = (await (await api.post('/api/jobs', { type: 'email' })).json()) as { id: string };
  const [created] = await api.log.readHistory(jobId);
  if (created === undefined) throw new Error('the job is not in the log');
  let sequence = created.sequence;
  const event = (fields: Pick<JobEvent, 'event' | 'version' | 'data'>) =>
    ({ v: 1, id: randomUUID(), jobId, jobType: 'email', at: new Date().toISOString(), actor, ...fields }) as JobEvent;
  return {
    jobId,
    created: created.event,
    started: event({ event: 'JobStarted', version: 2, data: { attempt: 1, worker: 'worker-1' } }),
    failed: event({ event: 'JobFailed', version: 3, data: failure }),
    completed: event({ event: 'JobCompleted', version: 3, data: { attempt: 1, durationMs: 1, result: 'sent' } }),
    append: async (next: JobEvent) => (sequence = await api.log.append(next, sequence)),
    /** Stores an event without an expectation. */
    copy: async (stored: JobEvent) =>
      (sequence = await publishRaw(stage.nats.url, eventSubject(stored), encodeJobEvent(stored))),
  };
}

test('the feed of a job leaves out what changes nothing, also what follows its last message', async () => {
  const { jobId, created, started, completed, append, copy } = await newJob();
  using feed = await openFeed(`${api.url}/api/jobs/${jobId}/events`);
  await feed.received(1);
  for (const copied of [created, { ...completed, version: 2 }]) await copy(copied);
  await append(started);
  await copy(started);
  await append(started);
  await append(completed);
  expect(await feed.ended).toBe('end');
  expect(feed.events.map(({ event }) => event)).toEqual(['JobCreated', 'JobStarted', 'JobCompleted']);
  const { items } = (await (await api.fetch(`/api/jobs/${jobId}/events`)).json()) as { items: object[] };
  expect(feed.events.map(({ data }) => data)).toEqual(items);
});

test('the feed of all jobs leaves out what does not follow the last message of its job, from memory and from the log', async () => {
  await using small = await startApi({
    natsUrl: stage.nats.url,
    databaseUrl: stage.databaseUrl,
    tail: { maxEvents: 1 },
  });
  const after = await api.log.lastSequence();
  const { started, completed, append, copy } = await newJob();
  using live = await openFeed(`${api.url}/api/events?after=${after}`);
  await append(started);
  for (let count = 0; count < 3; count++) await copy(started);
  await append(completed);
  const expected = ['JobCreated', 'JobStarted', 'JobCompleted'];
  expect((await live.received(3)).map(({ event }) => event)).toEqual(expected);
  using replayed = await openFeed(`${small.url}/api/events?after=${after}`);
  expect((await replayed.received(3)).map(({ event }) => event)).toEqual(expected);
});

test('an event of a job that does not exist is in no feed and no history', async () => {
  const after = await api.log.lastSequence();
  const { completed } = await newJob();
  const forged: JobEvent = { ...completed, jobId: randomUUID() };
  const [, type, id] = eventSubject(forged).split('.');
  const headers = { [EXPECTED_SEQUENCE]: '0', [EXPECTED_FILTER]: `jobs.${type}.${id}.>` };
  await publishRaw(stage.nats.url, eventSubject(forged), encodeJobEvent(forged), headers);
  const { jobId } = await newJob();
  using feed = await openFeed(`${api.url}/api/events?after=${after}`);
  expect((await feed.received(2)).map(({ data }) => data.jobId)).toEqual([completed.jobId, jobId]);
  for (const path of ['', '/events']) expect((await api.fetch(`/api/jobs/${id}${path}`)).status).toBe(404);
});

test('a job whose events the log has lost has an empty history, and its feed has ended', async () => {
  const { jobId, started, completed, append } = await newJob();
  await append(started);
  await append(completed);
  await newJob();
  await projectAll(api.log, stage.databaseUrl);
  await expireAllBut(stage.nats.url, 1);
  expect(await (await api.fetch(`/api/jobs/${jobId}`)).json()).toMatchObject({ status: 'completed' });
  const history = await api.fetch(`/api/jobs/${jobId}/events`);
  expect([history.status, await history.json()]).toEqual([200, { items: [] }]);
  const stream = await api.fetch(`/api/jobs/${jobId}/events`, { headers: { accept: 'text/event-stream' } });
  expect(stream.status).toBe(204);
});

test('a wait for a job is not answered by a copy of its creation, of an end that a retry has undone, or of another end', async () => {
  const { jobId, created, started, failed, completed, append, copy } = await newJob();
  await append(started);
  await append(failed);
  expect((await api.post(`/api/jobs/${jobId}/retry`)).status).toBe(200);
  const waiting = api.fetch(`/api/jobs/${jobId}?wait=60s`);
  using feed = await openFeed(`${api.url}/api/jobs/${jobId}/events`);
  await feed.received(4);
  for (const copied of [created, failed, completed, { ...completed, version: 4 }]) await copy(copied);
  await append({ ...started, version: 5 });
  await append({ ...completed, version: 6 });
  expect(await (await waiting).json()).toMatchObject({ status: 'completed', version: 6, attempt: 1, result: 'sent' });
});
