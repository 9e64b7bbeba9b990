import { setTimeout as pause } from 'node:timers/promises';
import { startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { LeaderReader } from '../read/leaderReader.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { jobAppendRequest } from './appendRequest.ts';
import { AppendSettler } from './appendSettler.ts';

type FirstLookUp = (timeoutMs: number) => Promise<never>;

/** A reader whose first look-up fails. */
class FailingFirst extends LeaderReader {
  lookUps = 0;
  readonly #first: FirstLookUp;

  constructor(connection: Connection, first: FirstLookUp) {
    super(connection);
    this.#first = first;
  }

  override async last(filter: string, timeoutMs: number) {
    this.lookUps++;
    return this.lookUps === 1 ? this.#first(timeoutMs) : super.last(filter, timeoutMs);
  }
}

const failures: readonly (readonly [string, FirstLookUp])[] = [
  ['fails', () => Promise.reject(new Error('the leader changes'))],
  ['loses its answer', (timeoutMs) => pause(timeoutMs).then(() => Promise.reject(new Error('timeout')))],
];

// A batch whose further try conflicted would be reported as a conflict with another writer.
test.each(failures)('a look-up that %s says nothing about the append: it is made again', async (_how, first) => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const event = new JobScript().create();
  const sequence = await log.append(event, 0);
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const reader = new FailingFirst(connection, first);
  const settler = new AppendSettler(connection, (append) => append.reject(new Error('taken for absent')), reader);
  const settled = new Promise<number>((resolve, reject) => {
    const deadline = performance.now() + 20_000;
    settler.settle({ request: jobAppendRequest(event), expected: 0, deadline, resolve, reject, uncertain: true });
  });
  await expect(settled).resolves.toBe(sequence);
  expect(reader.lookUps).toBe(2);
  await connection.close();
});
