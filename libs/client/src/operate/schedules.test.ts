import { expect, test } from 'vitest';
import { JobstreamClient } from '../jobstreamClient.ts';
import { hangUp, json, startServer } from '../../testing/startServer.ts';

const schedule = { name: 'daily', cron: '@daily', job: { type: 'email' } };

test('a replacement is repeated, but not that of a certain version, which would be in its own way', async () => {
  await using server = await startServer(hangUp, json(200, {}), hangUp);
  const { schedules } = new JobstreamClient({ url: server.url });
  await schedules.replace(schedule);
  await expect(schedules.replace(schedule, { ifVersion: 3 })).rejects.toMatchObject({ outcomeUnknown: true });
  expect(server.requests.map(({ headers }) => headers['if-match'])).toEqual([undefined, undefined, '"3"']);
});
