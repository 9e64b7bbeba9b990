import { expect, onTestFinished, test, vi } from 'vitest';
import { JobstreamClient } from '../jobstreamClient.ts';
import { feed, hangUp, json, problem, startServer, type Answer } from '../../testing/startServer.ts';

const frame = (sequence: number) => `id: ${sequence}\nevent: JobCreated\ndata: {"sequence":${sequence}}\n\n`;
const nothingMore: Answer = (res) => void res.writeHead(204).end();
/** An answer that comes an hour later, by the clock of the client. */
const later =
  (answer: Answer): Answer =>
  (res, request) => {
    vi.setSystemTime(Date.now() + 3_600_000);
    answer(res, request);
  };

async function follow(after: number | undefined, ...answers: Answer[]) {
  await using server = await startServer(...answers);
  const client = new JobstreamClient({ url: server.url });
  const seen: number[] = [];
  const options = after === undefined ? {} : { after };
  const failure = await (async () => {
    for await (const { sequence } of client.events(options)) seen.push(sequence);
  })().catch((error: unknown) => error);
  return { seen, failure, positions: server.requests.map(({ headers }) => headers['last-event-id']) };
}

test('a lost feed resumes after the last complete event', async () => {
  const lost = feed([frame(1), frame(2), 'id: 3\ndata: {"sequ'], 'lost');
  const { seen, positions } = await follow(0, lost, hangUp, feed([frame(3), frame(4)], 'end'), nothingMore);
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(positions).toEqual(['0', '2', '2', '4']);
});

test('a block without an event moves the position, so a narrow filter does not resume from far back', async () => {
  const { seen, positions } = await follow(undefined, feed(['retry: 1000\n\n', 'id: 7\n\n'], 'lost'), nothingMore);
  expect(seen).toEqual([]);
  expect(positions).toEqual([undefined, '7']);
});

test('an opened feed survives any outage, but not a rejection', async () => {
  const busy = problem(503, 'too-many-feeds', { 'retry-after': '0' });
  const refused = problem(401, 'credentials-refused');
  const { seen, failure, positions } = await follow(0, feed([frame(1)], 'lost'), busy, hangUp, busy, refused);
  expect(seen).toEqual([1]);
  expect(failure).toMatchObject({ name: 'AccessDeniedError', code: 'credentials-refused' });
  expect(positions).toHaveLength(5);
});

test('an opened feed that is lost for longer than retryForMs resumes', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const busy = problem(503, 'too-many-feeds', { 'retry-after': '0' });
  const lost = feed([frame(1)], 'lost');
  const { seen, failure } = await follow(
    0,
    later(lost),
    later(hangUp),
    later(busy),
    feed([frame(2)], 'end'),
    nothingMore,
  );
  expect(failure).toBeUndefined();
  expect(seen).toEqual([1, 2]);
});

test('a feed that cannot be opened fails after retryForMs, like a request', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const busy = problem(503, 'too-many-feeds');
  const tooLate: Answer = (res, request) => {
    vi.setSystemTime(Date.now() + 60_001);
    busy(res, request);
  };
  await using server = await startServer(busy, tooLate);
  const client = new JobstreamClient({ url: server.url, retryForMs: 60_000 });
  await expect(client.events().next()).rejects.toMatchObject({ code: 'too-many-feeds' });
  expect(server.requests).toHaveLength(2);
});

test('a feed fails at once when the API asks for a longer wait than retryForMs', async () => {
  await using server = await startServer(problem(503, 'too-many-feeds', { 'retry-after': '3600' }));
  const client = new JobstreamClient({ url: server.url, retryForMs: 60_000 });
  await expect(client.events().next()).rejects.toMatchObject({ code: 'too-many-feeds' });
  expect(server.requests).toHaveLength(1);
});

test('a response that is not an event stream is an error', async () => {
  expect((await follow(0, json(200, {}))).failure).toMatchObject({ name: 'UnexpectedAnswerError' });
});

test('a consumer that stops iterating closes the connection', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const open: Answer = (res, request) => {
    res.once('close', resolve);
    feed([frame(1), frame(2)], 'open')(res, request);
  };
  await using server = await startServer(open);
  for await (const { sequence } of new JobstreamClient({ url: server.url }).events()) {
    if (sequence === 2) break;
  }
  await closed;
  expect(server.requests).toHaveLength(1);
});

test('every connection sends the filter and the credentials', async () => {
  await using server = await startServer(feed([frame(1)], 'lost'), nothingMore);
  const client = new JobstreamClient({ url: server.url, credentials: 'jsk_1' });
  const feedOf = client.events({ types: ['email', 'sleep'], events: ['JobFailed'], after: 0 });
  for await (const { sequence } of feedOf) expect(sequence).toBe(1);
  for (const { url, headers } of server.requests) {
    expect(url).toBe('/api/events?type=email&type=sleep&event=JobFailed');
    expect(headers).toMatchObject({ authorization: 'Bearer jsk_1', accept: 'text/event-stream' });
  }
});

test('pauses grow while no event comes, and begin anew after one', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  vi.spyOn(Math, 'random').mockReturnValue(1); // no jitter
  const bodies = ['', '', '', frame(1), '', ''];
  const startedAt = Date.now();
  const askedAt: number[] = [];
  const client = new JobstreamClient({
    url: 'http://jobs.test',
    fetch: async () => {
      askedAt.push(Date.now() - startedAt);
      const body = bodies.shift();
      if (body === undefined) return new Response(null, { status: 204 });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  });
  const seen: number[] = [];
  const followed = (async () => {
    for await (const { sequence } of client.events()) seen.push(sequence);
  })();
  while (bodies.length > 0 || askedAt.length < 7) await vi.advanceTimersByTimeAsync(1);
  await followed;
  expect(seen).toEqual([1]);
  const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
  // Reading an answer takes some turns of the event loop, a millisecond each.
  expect(pauses.map((ms) => ms - (ms % 50))).toEqual([100, 200, 400, 100, 100, 200]);
});
