import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { carryOut } from '../../testing/carryOut.ts';
import { openFeed } from '../../testing/openFeed.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

const start = { kind: 'StartAttempt', worker: 'worker-1' } as const;
const complete = { kind: 'CompleteAttempt', attempt: 1, durationMs: 1, result: 'done' } as const;
const report = { kind: 'ReportProgress', attempt: 1, percent: 50 } as const;

async function newJob(): Promise<string> {
  return ((await (await api.post('/api/jobs', { type: 'email' })).json()) as { id: string }).id;
}

const get = async (path: string) => {
  const response = await api.fetch(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('waiting for a job', () => {
  test('is answered as soon as the job ends, in any terminal status', async () => {
    for (const end of [complete, { kind: 'CancelJob' } as const]) {
      const id = await newJob();
      await carryOut(api, id, start);
      const answers = [get(`/api/jobs/${id}?wait=60s`), get(`/api/jobs/${id}?wait=1m`)];
      await carryOut(api, id, report, end);
      for (const { status, body } of await Promise.all(answers)) {
        expect(status).toBe(200);
        expect(body).toMatchObject({ version: 4, status: end === complete ? 'completed' : 'cancelled' });
      }
    }
  });

  test('is answered at once when the job has ended, from the log although the table lags', async () => {
    const id = await newJob();
    await carryOut(api, id, start, complete);
    expect((await get(`/api/jobs/${id}?wait=60s`)).body).toMatchObject({ status: 'completed' });
    const again = await newJob();
    await carryOut(api, again, { kind: 'CancelJob' });
    await projectAll(api.log, stage.databaseUrl);
    await api.post(`/api/jobs/${again}/retry`);
    expect((await get(`/api/jobs/${again}?wait=50ms`)).body).toMatchObject({ status: 'pending', version: 3 });
  });

  test('is answered with the current job when the time is over', async () => {
    const id = await newJob();
    expect(await get(`/api/jobs/${id}?wait=50ms`)).toMatchObject({ status: 200, body: { status: 'pending' } });
  });

  test('is answered at once when the process stops', async () => {
    const server = { graceMs: 600_000 };
    const own = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl, server });
    const id = await newJob();
    const answer = own.fetch(`/api/jobs/${id}?wait=60s`);
    using feed = await openFeed(`${own.url}/api/jobs/${id}/events`);
    await feed.received(1);
    await own.stop();
    expect((await answer).status).toBe(200);
    expect(await feed.ended).toBe('end');
  });

  test('for an unknown job is 404', async () => {
    expect((await get(`/api/jobs/${randomUUID()}?wait=60s`)).status).toBe(404);
  });
});

describe('a minimum version', () => {
  test('is read from the log while the table lags', async () => {
    const id = await newJob();
    await projectAll(api.log, stage.databaseUrl);
    await carryOut(api, id, start);
    expect((await get(`/api/jobs/${id}`)).body).toMatchObject({ version: 1 });
    expect((await get(`/api/jobs/${id}?minVersion=2`)).body).toMatchObject({ version: 2, status: 'processing' });
  });

  test('that does not exist yet is waited for', async () => {
    const id = await newJob();
    const answer = get(`/api/jobs/${id}?minVersion=2`);
    await carryOut(api, id, start);
    expect((await answer).body).toMatchObject({ version: 2 });
  });

  test('that is not reached is 409, also with a wait', async () => {
    const id = await newJob();
    const limits = { versionMs: 500 };
    await using impatient = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl, limits });
    for (const query of ['minVersion=7', 'minVersion=7&wait=50ms']) {
      const response = await impatient.fetch(`/api/jobs/${id}?${query}`);
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({
        type: 'urn:jobstream:problem:version-not-reached',
        detail: 'the job has version 1',
      });
    }
  });
});

describe('a job as it was', () => {
  test('is returned for a sequence or a time', async () => {
    const id = await newJob();
    const sequences = [
      await carryOut(api, id, start),
      await carryOut(api, id, report),
      await carryOut(api, id, complete),
    ];
    const statuses = ['processing', 'processing', 'completed'];
    for (const [index, sequence] of sequences.entries()) {
      const { body } = await get(`/api/jobs/${id}?asOf=${sequence}`);
      expect(body).toMatchObject({ version: index + 2, status: statuses[index] });
      const [event] = await api.log.messages.from(sequence, { count: 1 });
      const byTime = await get(`/api/jobs/${id}?asOf=${event?.recordedAt}`);
      expect(byTime.body['version']).toBeGreaterThanOrEqual(index + 2);
    }
    expect((await get(`/api/jobs/${id}?asOf=2100-01-01T00:00:00%2B01:00`)).body).toMatchObject({ version: 4 });
    expect((await get(`/api/jobs/${id}?asOf=999999999`)).body).toEqual((await get(`/api/jobs/${id}`)).body);
  });

  test('before its creation is 404', async () => {
    const before = await api.log.lastSequence();
    const id = await newJob();
    for (const moment of [before, '2020-01-01T00:00:00Z']) {
      expect((await get(`/api/jobs/${id}?asOf=${moment}`)).status).toBe(404);
    }
    expect((await get(`/api/jobs/${randomUUID()}?asOf=1`)).status).toBe(404);
  });

  test.each(['wait=2m', 'wait=soon', 'wait=1h', 'minVersion=0', 'asOf=yesterday', 'asOf=1&wait=1s', 'minversion=1'])(
    '%s is refused',
    async (query) => {
      expect((await get(`/api/jobs/${await newJob()}?${query}`)).status).toBe(400);
    },
  );
});

describe('the events of a job as a stream', () => {
  test('are its history, then its new events, until it ends', async () => {
    const [id, other] = [await newJob(), await newJob()];
    await carryOut(api, id, start);
    using feed = await openFeed(`${api.url}/api/jobs/${id}/events`);
    expect(feed.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await feed.received(2);
    await carryOut(api, other, start);
    await carryOut(api, id, report, complete);
    expect(await feed.ended).toBe('end');
    const names = feed.events.map(({ event }) => event);
    expect(names).toEqual(['JobCreated', 'JobStarted', 'JobProgressed', 'JobCompleted']);
    const { body } = await get(`/api/jobs/${id}/events`);
    expect(feed.events.map(({ data }) => data)).toEqual(body['items']);
  });

  test('resume after Last-Event-ID, and are 204 for a client that has seen the end', async () => {
    const id = await newJob();
    const started = await carryOut(api, id, start);
    const completed = await carryOut(api, id, complete);
    using feed = await openFeed(`${api.url}/api/jobs/${id}/events`, { 'last-event-id': String(started) });
    await feed.ended;
    expect(feed.events.map(({ event }) => event)).toEqual(['JobCompleted']);
    using over = await openFeed(`${api.url}/api/jobs/${id}/events`, { 'last-event-id': String(completed) });
    expect(over.status).toBe(204);
  });

  test('do not end with an end that a retry has undone', async () => {
    const id = await newJob();
    await carryOut(api, id, { kind: 'CancelJob' }, { kind: 'RequeueJob' });
    using feed = await openFeed(`${api.url}/api/jobs/${id}/events`);
    await feed.received(3);
    await carryOut(api, id, start, complete);
    await feed.ended;
    expect(feed.events).toHaveLength(5);
  });

  test('miss no event, whenever the stream begins', { tags: ['exact'] }, async () => {
    const feeds = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const id = await newJob();
        const done = carryOut(api, id, start, report, report, complete);
        const feed = await openFeed(`${api.url}/api/jobs/${id}/events`);
        await done;
        return feed;
      }),
    );
    for (const feed of feeds) {
      await feed.ended;
      expect(feed.events.map(({ data }) => data['version'])).toEqual([1, 2, 3, 4, 5]);
      feed[Symbol.dispose]();
    }
  });

  test('of an unknown job are 404', async () => {
    using feed = await openFeed(`${api.url}/api/jobs/${randomUUID()}/events`);
    expect(feed.status).toBe(404);
  });
});

test('the events of a job are returned as CloudEvents on request', async () => {
  const id = await newJob();
  const accept = 'application/cloudevents-batch+json';
  const response = await api.fetch(`/api/jobs/${id}/events`, { headers: { accept } });
  expect(response.headers.get('content-type')).toBe(`${accept}; charset=utf-8`);
  expect(response.headers.get('vary')).toContain('Accept');
  const { items } = (await get(`/api/jobs/${id}/events`)).body as { items: Record<string, unknown>[] };
  const [item = {}] = items;
  expect(await response.json()).toEqual([
    {
      specversion: '1.0',
      id: item['id'],
      source: `/api/jobs/${id}`,
      type: 'jobstream.JobCreated',
      subject: id,
      time: item['at'],
      datacontenttype: 'application/json',
      data: item['data'],
      sequence: String(item['sequence']),
      recordedat: item['recordedAt'],
      jobtype: 'email',
      jobversion: 1,
      correlationid: item['correlationId'],
    },
  ]);
});

test('a waiting client that disconnects leaves nothing behind', async () => {
  await using own = await startApi({
    natsUrl: stage.nats.url,
    databaseUrl: stage.databaseUrl,
    longRequests: { most: { feeds: 1 } },
  });
  const id = await newJob();
  for (let round = 0; round < 3; round++) {
    const client = new AbortController();
    // The one place may be taken by the short wait below when the long one comes.
    const wait = async (): Promise<unknown> => {
      const { status } = await fetch(`${own.url}/api/jobs/${id}?wait=60s`, { signal: client.signal });
      return status === 503 ? wait() : undefined;
    };
    const waiting = wait().catch(() => undefined);
    await eventually(async () => expect((await own.fetch(`/api/jobs/${id}?wait=1ms`)).status).toBe(503));
    client.abort();
    await waiting;
    await eventually(async () => expect((await own.fetch(`/api/jobs/${id}?wait=1ms`)).status).toBe(200));
  }
});
