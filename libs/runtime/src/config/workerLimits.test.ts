import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { ConfigError } from './config.ts';

function problemsOf(raw: string): readonly string[] {
  try {
    readConfig({ WORKER_LIMITS: raw });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('limits are read by job type', () => {
  const { WORKER_LIMITS } = readConfig({
    WORKER_LIMITS: 'email:concurrency=10,rate=100/s; webhook:rate=20/m ;my-type-2:concurrency=1,rate=1/h;',
  });
  expect(WORKER_LIMITS).toEqual(
    new Map([
      ['email', { concurrency: 10, rate: { starts: 100, perMs: 1_000 } }],
      ['webhook', { rate: { starts: 20, perMs: 60_000 } }],
      ['my-type-2', { concurrency: 1, rate: { starts: 1, perMs: 3_600_000 } }],
    ]),
  );
});

test.each([
  ['email', 'be limits such as email:concurrency=10,rate=100/s;webhook:rate=20/m, got: email'],
  [';', 'be limits such as email:concurrency=10,rate=100/s;webhook:rate=20/m, got: ;'],
  ['E:rate=1/s', 'be limits such as email:concurrency=10,rate=100/s;webhook:rate=20/m, got: E:rate=1/s'],
  ['email:speed=3', 'give email a concurrency or a rate, got: speed=3'],
  ['email:concurrency', 'give email a concurrency from 1 to 10000, got: '],
  ['email:concurrency=0', 'give email a concurrency from 1 to 10000, got: 0'],
  ['email:concurrency=10001', 'give email a concurrency from 1 to 10000, got: 10001'],
  ['email:rate=0/s', 'give email a rate from 1 to 10000 per s, m or h, such as 20/m, got: 0/s'],
  ['email:rate=20', 'give email a rate from 1 to 10000 per s, m or h, such as 20/m, got: 20'],
  ['email:rate=20/d', 'give email a rate from 1 to 10000 per s, m or h, such as 20/m, got: 20/d'],
  ['email:rate=1/s=2', 'give email a rate from 1 to 10000 per s, m or h, such as 20/m, got: 1/s=2'],
  ['email:rate=1/s,rate=2/s', 'give email each limit once, got: rate=1/s,rate=2/s'],
  ['email:rate=1/s;email:concurrency=1', 'name email once, got: it more often'],
])('not %j', (raw, problem) => {
  expect(problemsOf(raw)).toEqual([`expected WORKER_LIMITS to ${problem}`]);
});

test('each mistake has its own sentence', () => {
  expect(problemsOf('email:rate=x,concurrency=y;fax')).toHaveLength(3);
});
