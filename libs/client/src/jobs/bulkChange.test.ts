import { expect, test } from 'vitest';
import { JobstreamClient } from '../jobstreamClient.ts';
import { breakOff, json, startServer, type Answer } from '../../testing/startServer.ts';
import type { BulkProgress } from './bulkChange.ts';

const tally = { total: 3, matched: 2, changed: 2, skipped: 0, failed: 0 };

/** The lines of an answer, cut into pieces where no line ends. */
function linesInPieces(...lines: readonly object[]): Answer {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  return (res) => {
    res.writeHead(200, { 'content-type': 'application/x-ndjson' });
    res.write(text.slice(0, 20), () => res.end(text.slice(20)));
  };
}

test('a bulk change tells how far it is', async () => {
  await using server = await startServer(
    linesInPieces({ done: false, ...tally }, { done: true, ...tally, matched: 3, skipped: 1 }),
  );
  const client = new JobstreamClient({ url: server.url });
  const progress: BulkProgress[] = [];
  const options = { reason: 'withdrawn', onProgress: (one: BulkProgress) => progress.push(one) };
  const outcome = await client.jobs.cancelMany({ tag: 'campaign' }, options);
  expect(outcome).toEqual({ matched: 3, changed: 2, skipped: 1, failed: 0 });
  expect(progress).toEqual([tally]);
  const [request] = server.requests;
  expect(request).toMatchObject({ url: '/api/jobs/cancel', body: '{"tag":"campaign","reason":"withdrawn"}' });
  expect(request?.headers.accept).toBe('application/x-ndjson');
});

test.each([
  ['in its middle', breakOff],
  ['before its last line', linesInPieces({ done: false, ...tally })],
])('a bulk change whose answer breaks off %s is not sent again', async (_where, answer) => {
  await using server = await startServer(answer);
  const client = new JobstreamClient({ url: server.url });
  const changing = client.jobs.retryMany({ all: true }, { onProgress: () => undefined });
  await expect(changing).rejects.toMatchObject({ name: 'UnavailableError', outcomeUnknown: true });
  expect(server.requests).toHaveLength(1);
});

test('a dry run has no progress', async () => {
  await using server = await startServer(json(200, { dryRun: true, matched: 7 }));
  const client = new JobstreamClient({ url: server.url });
  const options = { dryRun: true, onProgress: () => expect.fail('there is none') };
  expect(await client.jobs.cancelMany({ all: true }, options)).toMatchObject({ matched: 7, changed: 0 });
});
