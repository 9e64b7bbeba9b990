import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { exportIncident, type IncidentHeader, type IncidentJob } from './incident.ts';
import type { Job } from './job.ts';
import type { JobEvent } from './jobEvent.ts';

const ids = ['a', 'b', 'c'];
const jobs = {
  get: async (id: string) => ({ id }) as Job,
  async *list() {
    for (const id of ids) yield { id, type: 'email', payload: { to: 'ü@example.com' } } as unknown as Job;
  },
  history: async (id: string) => [{ event: 'JobCreated', jobId: id } as unknown as JobEvent],
};

test('the file has a header and a line a job with its events, and its digest is that of its bytes', async () => {
  const { text, sha256, header } = await exportIncident(
    jobs,
    { status: 'failed', type: ['email', 'sms'] },
    { url: 'http://x' },
  );
  const [first, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as IncidentHeader & IncidentJob);
  expect(first).toEqual(header);
  expect(header).toMatchObject({ format: 'jobstream.incident.v1', jobs: 3, complete: true });
  expect(lines.map(({ job, events }) => [job.id, events.length])).toEqual(ids.map((id) => [id, 1]));
  expect(sha256).toBe(createHash('sha256').update(text).digest('hex'));
});

test('its commands show the same list, and the events of the first job over HTTP and in the log', async () => {
  const { header } = await exportIncident(jobs, { status: 'failed', search: 'to=a b!' }, {});
  expect(header.commands).toEqual([
    `curl -s "$API/api/jobs?status=failed&search=to%3Da%20b%21&limit=3"`,
    `curl -s "$API/api/jobs/a/events"`,
    `nats sub --stream JOBS 'jobs.*.a.>' --all --terminate-at-end --raw`,
  ]);
});

test('jobs are taken by their ids as well, and commands name a key where one is needed', async () => {
  const { header, text } = await exportIncident(jobs, { ids: ['b', 'a'] }, { url: 'http://x', key: '$KEY', limit: 1 });
  expect(header).toMatchObject({ filter: { ids: ['b', 'a'] }, jobs: 1, complete: false });
  expect(
    text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => (JSON.parse(line) as IncidentJob).job.id),
  ).toEqual(['b']);
  expect(header.commands.slice(0, 2)).toEqual([
    `curl -s "http://x/api/jobs/b" -H "authorization: Bearer $KEY"`,
    `curl -s "http://x/api/jobs/b/events" -H "authorization: Bearer $KEY"`,
  ]);
});

test('it says when more jobs match than it has', async () => {
  const two = await exportIncident(jobs, {}, { limit: 2 });
  expect(two.header).toMatchObject({ jobs: 2, complete: false });
  expect((await exportIncident(jobs, {}, { limit: 3 })).header).toMatchObject({ jobs: 3, complete: true });
  await expect(exportIncident(jobs, {}, { limit: 1_001 })).rejects.toThrow(
    'expected a limit from 1 to 1000, got: 1001',
  );
});
