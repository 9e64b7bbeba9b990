import { expect, test } from 'vitest';
import { JobstreamClient } from '../jobstreamClient.ts';
import { type Answer, json, startServer } from '../../testing/startServer.ts';

const created = (position: string) => json(201, { id: 'a' }, { 'jobstream-position': position });
const page = json(200, { items: [], nextCursor: null });
const stats = json(200, {});
const behind = (ms: string) => json(200, { items: [], nextCursor: null }, { 'jobstream-table-lag': ms });

/** The `minPosition` of each request that the server got. */
async function positionsAsked(
  options: { readonly readYourWrites?: boolean; readonly onTableLag?: (ms: number) => void },
  ...answers: readonly Answer[]
): Promise<(string | null)[]> {
  await using server = await startServer(...answers);
  const client = new JobstreamClient({ url: server.url, ...options });
  await client.jobs.create({ type: 'email' });
  await client.jobs.listPage();
  await client.operations.count({ kind: 'retry', filter: { type: 'email' } });
  await client.jobs.get('a');
  await client.jobs.listPage({ asOf: '1' });
  await client.stats();
  return server.requests.map(({ url = '' }) => new URL(url, server.url).searchParams.get('minPosition'));
}

test('what is read of the table has what the client has changed, if it is to', async () => {
  const answers = [created('12'), page, json(200, { matched: 1 }, { 'jobstream-position': '11' }), page, page, stats];
  expect(await positionsAsked({ readYourWrites: true }, ...answers)).toEqual([null, '12', '12', null, null, '12']);
  expect(await positionsAsked({}, ...answers)).toEqual([null, null, null, null, null, null]);
});

test('a list has what its caller asks for, or what the client has changed later', async () => {
  await using server = await startServer(created('12'), page, page, page);
  const client = new JobstreamClient({ url: server.url, readYourWrites: true });
  await client.jobs.create({ type: 'email' });
  await client.jobs.listPage({ minPosition: 40 });
  await client.jobs.listPage({ minPosition: 5 });
  const other = new JobstreamClient({ url: server.url });
  await other.jobs.listPage({ minPosition: 40 });
  const asked = server.requests.map(({ url = '' }) => new URL(url, server.url).searchParams.getAll('minPosition'));
  expect(asked).toEqual([[], ['40'], ['12'], ['40']]);
});

test('a table that is behind is told, and one of a log that was replaced is waited for once', async () => {
  const lags: number[] = [];
  const answers = [created('12'), behind('5300'), behind('0'), page, page, stats];
  const options = { readYourWrites: true, onTableLag: (ms: number) => void lags.push(ms) };
  expect(await positionsAsked(options, ...answers)).toEqual([null, '12', '12', null, null, null]);
  expect(lags).toEqual([5_300, 0, 0]);
});
