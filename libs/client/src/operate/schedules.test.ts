import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineJob, JobstreamClient, PayloadError, type Schedule } from '../index.ts';
import { hangUp, json, startServer } from '../../testing/startServer.ts';

const schedule = { name: 'daily', cron: '@daily', job: { type: 'email' } };

test('a replacement is repeated, but not that of a certain version, which would be in its own way', async () => {
  await using server = await startServer(hangUp, json(200, {}), hangUp);
  const { schedules } = new JobstreamClient({ url: server.url });
  await schedules.replace(schedule);
  await expect(schedules.replace(schedule, { ifVersion: 3 })).rejects.toMatchObject({ outcomeUnknown: true });
  expect(server.requests.map(({ headers }) => headers['if-match'])).toEqual([undefined, undefined, '"3"']);
});

const report = defineJob('nightly-report', {
  payload: z.object({ to: z.email(), days: z.coerce.number<number | string>().default(1) }),
  maxAttempts: 4,
  tags: ['reports'],
});

test('a schedule of a definition has its type as name, its defaults, and the payload as it is given', async () => {
  await using server = await startServer(json(201, {}), json(201, {}));
  const { schedules } = new JobstreamClient({ url: server.url });
  const payload = { to: 'team@example.com', days: '7' };
  await schedules.create(report, { cron: '30 2 * * *', payload });
  const options = { timeZone: 'Europe/Berlin', enabled: false, catchUp: { policy: 'latest' } } as const;
  await schedules.create(report, { name: 'weekly', cron: '@weekly', payload, maxAttempts: 2, ...options });
  expect(server.requests.map(({ method, url, body }) => [method, url, JSON.parse(body) as unknown])).toEqual([
    [
      'POST',
      '/api/schedules',
      {
        name: 'nightly-report',
        cron: '30 2 * * *',
        job: { type: 'nightly-report', payload, maxAttempts: 4, tags: ['reports'] },
      },
    ],
    [
      'POST',
      '/api/schedules',
      {
        name: 'weekly',
        cron: '@weekly',
        ...options,
        job: { type: 'nightly-report', payload, maxAttempts: 2, tags: ['reports'] },
      },
    ],
  ]);
});

test('a schedule whose payload the definition rejects is not created', async () => {
  await using server = await startServer(json(201, {}));
  const { schedules } = new JobstreamClient({ url: server.url });
  const wrong = { to: 'nobody' };
  const error = await schedules.create(report, { cron: '@daily', payload: wrong }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PayloadError);
  expect((error as PayloadError).issues.map(({ pointer }) => pointer)).toEqual(['/to']);
  expect(server.requests).toEqual([]);
});

/** Compiled, never called: the compiler tests the types. */
async function createTyped({ schedules }: JobstreamClient): Promise<void> {
  const created = await schedules.create(report, { cron: '@daily', payload: { to: 'team@example.com' } });
  expectTypeOf(created).toEqualTypeOf<Schedule>();
  // @ts-expect-error: an address is missing
  await schedules.create(report, { cron: '@daily', payload: {} });
  // @ts-expect-error: a cron is missing
  await schedules.create(report, { payload: { to: 'team@example.com' } });
}

test('the payload of a schedule is typed by the definition', () => {
  expectTypeOf(createTyped).returns.resolves.toBeVoid();
});
