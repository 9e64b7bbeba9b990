import { eventually, startNats } from '@jobstream/test-support';
import { describe, expect, test, vi } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { type FeedEvent, openFeed } from '../../testing/openFeed.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

async function create(count: number, fields: object = {}, on = api): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => ({ type: 'email', ...fields }));
  const response = await on.post('/api/jobs/batch', { jobs });
  return ((await response.json()) as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
}

const idsOf = (events: readonly FeedEvent[]) => events.map(({ id }) => id);
const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe('the live feed', () => {
  test('sends new events, each as in the history of its job', async () => {
    await create(3);
    using feed = await openFeed(`${api.url}/api/events`);
    expect(feed.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const before = await api.log.lastSequence();
    const [id = ''] = await create(1, { payload: { n: 1 } });
    await api.post(`/api/jobs/${id}/cancel`);
    const events = await feed.received(2);
    expect(events).toMatchObject([
      { id: before + 1, event: 'JobCreated', data: { jobId: id, sequence: before + 1 } },
      { id: before + 2, event: 'JobCancelled' },
    ]);
    const { items } = (await (await api.fetch(`/api/jobs/${id}/events`)).json()) as { items: object[] };
    expect(events.map(({ data }) => data)).toEqual(items);
  });

  test('sends only the requested types and events, one or several', async () => {
    using byType = await openFeed(`${api.url}/api/events?type=webhook,sleep`);
    using byEvent = await openFeed(`${api.url}/api/events?event=JobCancelled&event=JobFailed`);
    using byBoth = await openFeed(`${api.url}/api/events?type=webhook&event=JobCancelled`);
    const ids = [
      ...(await create(1)),
      ...(await create(1, { type: 'webhook' })),
      ...(await create(1, { type: 'sleep' })),
    ];
    for (const id of ids) await api.post(`/api/jobs/${id}/cancel`);
    const shown = async (feed: typeof byType, count: number) =>
      (await feed.received(count)).map(({ event, data }) => [event, ids.indexOf(data.jobId)]);
    expect(await shown(byType, 4)).toEqual([
      ['JobCreated', 1],
      ['JobCreated', 2],
      ['JobCancelled', 1],
      ['JobCancelled', 2],
    ]);
    expect(await shown(byEvent, 3)).toEqual([
      ['JobCancelled', 0],
      ['JobCancelled', 1],
      ['JobCancelled', 2],
    ]);
    expect(await shown(byBoth, 1)).toEqual([['JobCancelled', 1]]);
  });

  test('sends its position at once, so a client that is disconnected before the first event misses none', async () => {
    using feed = await openFeed(`${api.url}/api/events`);
    const before = await api.log.lastSequence();
    await eventually(() => expect(feed.lastEventId).toBe(String(before)));
    await create(5);
    using resumed = await openFeed(`${api.url}/api/events`, { 'last-event-id': String(before) });
    expect(idsOf(await resumed.received(5))).toEqual(from(before + 1, 5));
  });

  test('answers a HEAD request and ends', async () => {
    const response = await api.fetch('/api/events', { method: 'HEAD' });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
  });
});

describe('a feed that is resumed', () => {
  test(
    'resumes after Last-Event-ID, or after a sequence, without gaps or duplicates',
    { tags: ['exact'] },
    async () => {
      const first = (await api.log.lastSequence()) + 1;
      await create(50);
      using byHeader = await openFeed(`${api.url}/api/events?after=1`, { 'last-event-id': String(first + 9) });
      using byQuery = await openFeed(`${api.url}/api/events?after=${first + 9}`);
      await create(30);
      for (const feed of [byHeader, byQuery]) expect(idsOf(await feed.received(70))).toEqual(from(first + 10, 70));
    },
  );

  test('reads from the log what is no longer in memory, then continues live', async () => {
    await using small = await startApi({
      natsUrl: stage.nats.url,
      databaseUrl: stage.databaseUrl,
      tail: { maxEvents: 100 },
    });
    const first = (await api.log.lastSequence()) + 1;
    for (let batch = 0; batch < 6; batch++) await create(500);
    using feed = await openFeed(`${small.url}/api/events?after=${first - 1}&type=email`);
    using all = await openFeed(`${small.url}/api/events?after=0`);
    await create(200);
    await feed.received(3_200);
    await create(5);
    expect(idsOf(await feed.received(3_205))).toEqual(from(first, 3_205));
    const end = await api.log.lastSequence();
    expect(idsOf(await all.received(end))).toEqual(from(1, end));
  });

  test('is refused when its position is beyond the end of the log', async () => {
    const end = await api.log.lastSequence();
    using feed = await openFeed(`${api.url}/api/events`, { 'last-event-id': String(end + 10) });
    expect(feed.status).toBe(400);
  });

  test('is not refused for an end that a new leader of the log says for a moment', async () => {
    const end = await api.log.lastSequence();
    vi.spyOn(api.log, 'lastSequence')
      .mockResolvedValueOnce(end)
      .mockResolvedValueOnce(end + 10);
    using feed = await openFeed(`${api.url}/api/events`, { 'last-event-id': String(end + 10) });
    expect(feed.status).toBe(200);
  });
});

describe('a feed that cannot be opened', () => {
  test.each([
    ['type=E-Mail', 'type'],
    ['event=JobDone', 'event'],
    ['after=-1', 'after'],
    ['tag=a', 'tag'],
  ])('%s is refused', async (query, parameter) => {
    const response = await api.fetch(`/api/events?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ parameter }] });
  });

  test('because its last event id is none', async () => {
    const response = await api.fetch('/api/events', { headers: { 'last-event-id': 'seven' } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ header: 'Last-Event-ID' }] });
  });

  test('because too many are open is refused with advice, until one of them ends', async () => {
    await using small = await startApi({
      natsUrl: stage.nats.url,
      databaseUrl: stage.databaseUrl,
      longRequests: { callerShare: 100, most: { feeds: 2 } },
    });
    const feeds = [await openFeed(`${small.url}/api/events`), await openFeed(`${small.url}/api/events`)];
    const refused = await small.fetch('/api/events');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ type: 'urn:jobstream:problem:too-many-feeds' });
    feeds[0]?.[Symbol.dispose]();
    const again = await eventually(async () => {
      const feed = await openFeed(`${small.url}/api/events`);
      expect(feed.status).toBe(200);
      return feed;
    });
    for (const feed of [...feeds, again]) feed[Symbol.dispose]();
  });

  test('because the log is unavailable is refused within the response limit', async () => {
    await using own = await startNats();
    await using lonely = await startApi({ natsUrl: own.url, databaseUrl: stage.databaseUrl, log: { deadlineMs: 500 } });
    await own.kill('SIGKILL');
    const response = await lonely.fetch('/api/events');
    expect(response.status).toBe(503);
    await own.restart();
  });
});

test('feeds end at once when the process stops, after it has said that it is not ready', async () => {
  const own = await startApi({
    natsUrl: stage.nats.url,
    databaseUrl: stage.databaseUrl,
    server: { graceMs: 600_000, noticeMs: 1_000 },
  });
  using feed = await openFeed(`${own.url}/api/events`);
  await create(3);
  await feed.received(3);
  const stopped = own.stop();
  await eventually(async () => expect((await own.fetch('/health/ready')).status).toBe(503));
  using late = await openFeed(`${own.url}/api/events`);
  await Promise.all([stopped, feed.ended, late.ended]);
  expect(await feed.ended).toBe('end');
  expect(await late.ended).toBe('end');
});

test('a feed survives an outage of the log and misses no event', async () => {
  await using own = await startNats();
  await using one = await startApi({ natsUrl: own.url, databaseUrl: stage.databaseUrl });
  using feed = await openFeed(`${one.url}/api/events`);
  await create(10, {}, one);
  await own.restart();
  await eventually(async () => expect((await one.post('/api/jobs', { type: 'email' })).status).toBe(201));
  const end = await one.log.lastSequence();
  expect(idsOf(await feed.received(end))).toEqual(from(1, end));
});
