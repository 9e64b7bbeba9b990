import { expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';

const { api } = useStage();

const INEXACT = '{"order":[1,9007199254740993]}';
const OVERFLOW = '{"order":[1,1e999]}';
const TWICE = '{"order":[1,{"to":"a","to":"b"}]}';

const job = (payload: string) => `{"type":"email","payload":${payload}}`;
const batch = (payload: string) => `{"jobs":[${job('1')},${job('2')},${job('3')},${job(payload)}]}`;
const schedule = (payload: string) => `{"name":"exact","cron":"0 0 * * *","job":${job(payload)}}`;

test.each([
  ['/api/jobs', job, '/payload'],
  ['/api/jobs/batch', batch, '/jobs/3/payload'],
  ['/api/schedules', schedule, '/job/payload'],
] as const)('%s refuses what JSON.parse would change in a payload, with its place', async (path, bodyOf, place) => {
  const before = await api.log.lastSequence();
  for (const [payload, status, code, pointer] of [
    [INEXACT, 422, 'invalid-request', '/order/1'],
    [OVERFLOW, 422, 'invalid-request', '/order/1'],
    [TWICE, 400, 'malformed-json', '/order/1/to'],
  ] as const) {
    const response = await api.post(path, bodyOf(payload));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      type: `urn:jobstream:problem:${code}`,
      errors: [{ pointer: place + pointer, detail: expect.stringContaining('must be') }],
    });
  }
  expect(await api.log.lastSequence()).toBe(before);
});

test('an import refuses such lines alone, with the place in the errors of the line', async () => {
  const lines = [INEXACT, OVERFLOW, TWICE, '{"order":9007199254740992}'].map(job);
  const headers = { 'content-type': 'application/x-ndjson' };
  const response = await api.post('/api/jobs/import', lines.join('\n'), headers);
  const outcomes = (await response.text()).trimEnd().split('\n');
  expect(outcomes.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { line: 1, errors: [{ pointer: '/payload/order/1' }] },
    { line: 2, errors: [{ pointer: '/payload/order/1' }] },
    { line: 3, errors: [{ pointer: '/payload/order/1/to' }] },
    { line: 4, status: 'pending' },
    { done: true, created: 1, failed: 3 },
  ]);
});

test('two requests that differ only beyond the digits of a double are not taken for the same', async () => {
  const headers = { 'idempotency-key': 'exact-1' };
  expect((await api.post('/api/jobs', job('9007199254740992'), headers)).status).toBe(201);
  expect((await api.post('/api/jobs', job('9007199254740993'), headers)).status).toBe(422);
  const text = await (await api.post('/api/jobs', job('9007199254740992'), headers)).text();
  const { id } = JSON.parse(text) as { id: string };
  expect(await (await api.fetch(`/api/jobs/${id}`)).text()).toContain('"payload":9007199254740992,');
});
