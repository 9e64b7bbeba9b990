import { headers } from '@nats-io/transport-node';
import { startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { DirectReader } from './directReader.ts';
import { LogUnavailableError } from '../errors.ts';

const FIRST = {
  'Nats-Sequence': '1',
  'Nats-Subject': 'jobs.email.x.created',
  'Nats-Time-Stamp': '2026-01-01T00:00:00Z',
};

interface Answer {
  readonly code?: number;
  readonly fields?: Record<string, string>;
}

function end(left: string): Answer {
  return { code: 204, fields: { 'Nats-Num-Pending': left } };
}

/** A reader of a simulated stream: a real server cannot be made to end a read early. No test waits for its deadline. */
async function readerOf(...answers: readonly Answer[]): Promise<{ reader: DirectReader } & AsyncDisposable> {
  const nats = await startNats();
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  connection.nats.subscribe('$JS.API.DIRECT.GET.JOBS', {
    callback: (_error, request) => {
      for (const { code, fields = {} } of answers) {
        const added = code === undefined ? headers() : headers(code, 'told by the server');
        for (const [name, value] of Object.entries(fields)) added.set(name, value);
        request.respond(code === undefined ? '{}' : '', { headers: added });
      }
    },
  });
  return {
    reader: new DirectReader(connection, 600_000),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await nats[Symbol.asyncDispose]();
    },
  };
}

test('newestOfEachSubject returns all messages or rejects', async () => {
  await using whole = await readerOf({ fields: FIRST }, end('0'));
  expect(await whole.reader.newestOfEachSubject('jobs.*.x.*')).toHaveLength(1);
  await using cut = await readerOf({ fields: FIRST }, end('1'));
  await expect(cut.reader.newestOfEachSubject('jobs.*.x.*')).rejects.toThrow(LogUnavailableError);
  expect(await cut.reader.from(1, { count: 1 })).toHaveLength(1);
});

test('rejects when messages expire during a read, but not when there were none', async () => {
  await using none = await readerOf({ code: 404 });
  expect(await none.reader.from(1, { count: 2 })).toEqual([]);
  await using vanished = await readerOf({ fields: FIRST }, { code: 404 });
  await expect(vanished.reader.from(1, { count: 2 })).rejects.toThrow(LogUnavailableError);
});
