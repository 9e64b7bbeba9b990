import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually, startNats } from '@jobstream/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { startApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

type Outcome = Record<string, unknown>;

const lineType = { 'content-type': 'application/x-ndjson' };
const linesOf = (answer: string) =>
  answer
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);

async function importAll(body: string | Buffer, on = api): Promise<Outcome[]> {
  const response = await fetch(`${on.url}/api/jobs/import`, { method: 'POST', headers: lineType, body });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  return linesOf(await response.text());
}

/** An import whose lines are sent one by one. */
async function openImport(on = api) {
  const sent = request(`${on.url}/api/jobs/import`, { method: 'POST', headers: lineType });
  sent.on('error', () => undefined);
  sent.flushHeaders();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { sent, response };
}

beforeAll(async () => {
  await announceWorker(api, { type: 'email' });
});

describe('an import', () => {
  test('of 1,000 lines, some invalid, returns an outcome for each in order, then the summary', async () => {
    const bad = new Map<number, [line: string, pointer: string]>([
      [1, ['{"type": "E-Mail"}', '/type']],
      [777, ['{"type":', '']],
      [778, ['[]', '']],
      [500, ['{"type": "email", "idempotencyKey": ""}', '/idempotencyKey']],
      [501, ['{"type": "email", "payload": {"__proto__": 1}}', '/payload/__proto__']],
      [999, [`{"type": "email", "payload": "${'x'.repeat(263_000)}"}`, '/payload']],
      [1_000, [`{"type": "email", "payload": "${'x'.repeat(400_000)}"}`, '']],
    ]);
    const before = await api.log.lastSequence();
    const lines = Array.from(
      { length: 1_000 },
      (_, n) => bad.get(n + 1)?.[0] ?? `{"type":"email","payload":{"n":${n + 1}}}`,
    );
    const outcomes = await importAll(lines.join('\n'));
    const summary = outcomes.pop();
    expect(summary).toEqual({ done: true, lines: 1_000, created: 993, replayed: 0, failed: 7 });
    expect(outcomes.map(({ line }) => line)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    for (const [number, [, pointer]] of bad) expect(outcomes[number - 1]).toMatchObject({ errors: [{ pointer }] });
    expect(await api.log.lastSequence()).toBe(before + 993);
    for (const number of [2, 502, 998]) {
      const { id, status } = outcomes[number - 1] ?? {};
      expect(status).toBe('pending');
      expect((await api.log.readJob(String(id)))?.job.payload).toEqual({ n: number });
    }
  });

  test('counts blank lines and accepts any line break, a last line without one, and text in any language', async () => {
    const outcomes = await importAll('\r\n{"type":"email"}\r\n\n  \n{"type":"email","payload":"größer 日本"}');
    expect(outcomes).toMatchObject([{ line: 2 }, { line: 5 }, { done: true, lines: 2, created: 2 }]);
    expect((await api.log.readJob(String(outcomes[1]?.['id'])))?.job.payload).toBe('größer 日本');
  });

  test('refuses a line that is not UTF-8 and continues', async () => {
    const broken = Buffer.concat([
      Buffer.from('{"type":"email","payload":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n'),
    ]);
    const outcomes = await importAll(Buffer.concat([broken, Buffer.from('{"type":"email"}\n')]));
    expect(outcomes).toMatchObject([
      { line: 1, errors: [{ detail: 'must be UTF-8' }] },
      { line: 2, status: 'pending' },
      {},
    ]);
  });

  test('of an empty body returns the summary alone', async () => {
    expect(await importAll('')).toEqual([{ done: true, lines: 0, created: 0, replayed: 0, failed: 0 }]);
  });

  test('that is repeated finds its earlier jobs by their keys', async () => {
    const keys = Array.from({ length: 50 }, () => randomUUID());
    const lines = keys.map((idempotencyKey, n) => JSON.stringify({ type: 'email', payload: n, idempotencyKey }));
    const first = await importAll(lines.slice(0, 30).join('\n'));
    const again = await importAll(lines.join('\n'));
    expect(again.at(-1)).toEqual({ done: true, lines: 50, created: 20, replayed: 30, failed: 0 });
    expect(again.slice(0, 30)).toEqual(first.slice(0, 30).map((outcome) => Object.assign(outcome, { replayed: true })));
    expect(again[30]).not.toHaveProperty('replayed');
    const other = await importAll(JSON.stringify({ type: 'email', payload: 'other', idempotencyKey: keys[0] }));
    expect(other[0]).toMatchObject({ line: 1, errors: [{ pointer: '/idempotencyKey' }] });
  });

  test('maps a key to the same job as the header of a single request', async () => {
    const key = randomUUID();
    const single = await api.post('/api/jobs', { type: 'email', tags: ['a'] }, { 'idempotency-key': key });
    const { id } = (await single.json()) as { id: string };
    const [outcome] = await importAll(JSON.stringify({ tags: ['a'], idempotencyKey: key, type: 'email' }));
    expect(outcome).toEqual({ line: 1, id, status: 'pending', replayed: true });
  });

  test('returns the outcome of a line before the next lines arrive', async () => {
    const { sent, response } = await openImport();
    for (let line = 1; line <= 3; line++) {
      sent.write('{"type":"email"}\n');
      const [chunk] = (await once(response, 'data')) as [Buffer];
      expect(linesOf(chunk.toString())).toMatchObject([{ line, status: 'pending' }]);
    }
    sent.end();
    expect(linesOf(await text(response))).toMatchObject([{ done: true, created: 3 }]);
  });
});

describe('an import that ends early', () => {
  test('because its client disconnects keeps the created jobs and drops the rest', async () => {
    await using own = await startApi({
      natsUrl: stage.nats.url,
      databaseUrl: stage.databaseUrl,
      longRequests: { most: { imports: 1 } },
    });
    const before = await api.log.lastSequence();
    const { sent, response } = await openImport(own);
    sent.write('{"type":"email"}\n'.repeat(10));
    await once(response, 'data');
    const another = () => own.post('/api/jobs/import', '', { 'content-type': 'application/x-ndjson' });
    expect((await another()).status).toBe(503);
    response.destroy();
    await eventually(async () => expect((await another()).status).toBe(200));
    await eventually(async () => expect(await api.log.lastSequence()).toBe(before + 10)); // the last may be in hand
  });

  test('because the log becomes unavailable says so and reads no further lines', async () => {
    await using ownNats = await startNats();
    await using own = await startApi({
      natsUrl: ownNats.url,
      databaseUrl: stage.databaseUrl,
      log: { deadlineMs: 2_000 },
    });
    const { sent, response } = await openImport(own);
    sent.write('{"type":"email"}\n');
    await once(response, 'data');
    await ownNats.kill('SIGKILL');
    sent.write('{"type":"email"}\n'.repeat(5));
    const rest = linesOf(await text(response));
    expect(rest.slice(0, -1)).toHaveLength(5);
    for (const outcome of rest.slice(0, -1)) expect(outcome).toMatchObject({ errors: [{ pointer: '' }] });
    const stopped = 'Event log unavailable';
    expect(rest.at(-1)).toEqual({ done: true, lines: 6, created: 1, replayed: 0, failed: 5, stopped });
  });

  test('because the process stops finishes the lines it has read', async () => {
    const server = { graceMs: 600_000 };
    const own = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl, server });
    const { sent, response } = await openImport(own);
    sent.write('{"type":"email"}\n'.repeat(200));
    await once(response, 'data');
    const [answer] = await Promise.all([text(response), own.stop()]);
    expect(linesOf(answer).at(-1)).toMatchObject({ done: true, stopped: 'the server is shutting down' });
  });
});

test('a client that does not read the outcomes is not read from until it does', async () => {
  const { sent, response } = await openImport();
  response.pause();
  const before = await api.log.lastSequence();
  // One line in ten creates a job. The outcomes of the others name forty mistakes each, and soon fill all buffers.
  const mistakes = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`unknown-${n}`, n]));
  const ten = `{"type":"email"}\n${`${JSON.stringify(mistakes)}\n`.repeat(9)}`;
  let lines = 0;
  // Ends only when lines stay unread: a slow machine that reads them late is no back-pressure yet.
  for (let stored = 0; stored === lines / 10; stored = (await api.log.lastSequence()) - before) {
    for (let takes = true; takes; lines += 1_000) takes = sent.write(ten.repeat(100)) || (await drained(sent));
    await untilQuiet();
  }
  sent.end();
  const outcomes = linesOf(await text(response));
  const created = lines / 10;
  expect(outcomes.at(-1)).toEqual({ done: true, lines, created, replayed: 0, failed: lines - created });
  expect(outcomes).toHaveLength(lines + 1);
});

test.each([{ 'content-type': 'application/json' }, { ...lineType, 'content-encoding': 'gzip' }])(
  'an import with %j is refused',
  async (headers) => {
    const response = await fetch(`${api.url}/api/jobs/import`, { method: 'POST', headers, body: '{}' });
    expect(response.status).toBe(415);
  },
);

/** Whether the connection takes more within a while in which thousands of lines would be taken. */
async function drained(sent: ReturnType<typeof request>): Promise<boolean> {
  const drain = once(sent, 'drain').then(() => true);
  return Promise.race([drain, new Promise<false>((resolve) => setTimeout(resolve, 1_000, false))]);
}

/** Waits until nothing has been appended during a few round trips. */
async function untilQuiet(): Promise<void> {
  await eventually(async () => {
    const before = await api.log.lastSequence();
    for (let trip = 0; trip < 50; trip += 1) await api.log.readJob(randomUUID());
    expect(await api.log.lastSequence()).toBe(before);
  });
}
