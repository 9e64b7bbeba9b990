import { randomUUID } from 'node:crypto';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, startNats, startPostgres } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { declaredRoutes } from '../../testing/declaredRoutes.ts';
import { startApi, type TestApi } from '../../testing/startApi.ts';

const id = randomUUID();
const NAME = 'none';
/** The body of each request. */
const body = { reason: 'why' };

/** What the audit log has of each route: the action, of which subject, for which reason, and the body where it tells more. */
const told: Readonly<Record<string, string>> = {
  'DELETE /api/admin/projections/jobs/rebuild': 'rebuild.cancel',
  'DELETE /api/jobs/:id/payload': 'job.erase of it',
  'DELETE /api/keys/:id': 'key.revoke of it',
  'DELETE /api/schedules/:name': 'schedule.delete of it',
  'DELETE /api/types/:type': 'type.remove of it',
  'DELETE /api/workers/:worker': 'worker.remove of it',
  'DELETE /dashboard/session': 'session.end',
  'PATCH /api/schedules/:name': 'schedule.change of it because: why',
  'PATCH /api/types/:type': 'type.change of it because: why with {"reason":"why"}',
  'POST /api/admin/projections/jobs/rebuild': 'rebuild.request because: why with {"reason":"why"}',
  'POST /api/jobs/:id/cancel': 'job.cancel of it because: why',
  'POST /api/jobs/:id/priority': 'job.priority of it because: why',
  'POST /api/jobs/:id/rerun': 'job.rerun of it because: why',
  'POST /api/jobs/:id/retry': 'job.retry of it because: why',
  'POST /api/jobs/:id/run-now': 'job.run-now of it because: why',
  'POST /api/jobs/:id/signals/:name': 'job.signal of it because: why',
  'POST /api/jobs/cancel': 'jobs.cancel because: why with {"reason":"why"}',
  'POST /api/jobs/import': 'jobs.import',
  'POST /api/jobs/priority': 'jobs.priority because: why with {"reason":"why"}',
  'POST /api/jobs/replay': 'operation.create because: why with {"reason":"why"}',
  'POST /api/jobs/retry': 'jobs.retry because: why with {"reason":"why"}',
  'POST /api/keys': 'key.create because: why with {"reason":"why"}',
  'POST /api/operations': 'operation.create because: why with {"reason":"why"}',
  'POST /api/operations/:id/cancel': 'operation.cancel of it',
  'POST /api/operations/:id/pause': 'operation.pause of it',
  'POST /api/operations/:id/resume': 'operation.resume of it',
  'POST /api/schedules': 'schedule.create because: why',
  'POST /api/schedules/:name/run': 'schedule.run of it because: why',
  'POST /api/types/:type/pause': 'type.pause of it because: why with {"reason":"why"}',
  'POST /api/types/:type/resume': 'type.resume of it',
  'POST /api/types/_all/pause': 'types.pause because: why with {"reason":"why"}',
  'POST /api/types/_all/resume': 'types.resume',
  'POST /api/verification': 'verification.request of a new one',
  'POST /dashboard/session': 'session.start',
  'PUT /api/schedules/:name': 'schedule.replace of it because: why',
};

/** Those of which no event tells. */
const required: readonly string[] = [
  'DELETE /api/admin/projections/jobs/rebuild',
  'DELETE /api/jobs/:id/payload',
  'DELETE /api/keys/:id',
  'DELETE /api/types/:type',
  'DELETE /api/workers/:worker',
  'PATCH /api/types/:type',
  'POST /api/admin/projections/jobs/rebuild',
  'POST /api/jobs/replay',
  'POST /api/keys',
  'POST /api/operations',
  'POST /api/operations/:id/cancel',
  'POST /api/operations/:id/pause',
  'POST /api/operations/:id/resume',
  'POST /api/types/:type/pause',
  'POST /api/types/:type/resume',
  'POST /api/types/_all/pause',
  'POST /api/types/_all/resume',
  'POST /api/verification',
];

function auditedRoutes({ app }: TestApi): string[] {
  const changes = declaredRoutes(app).filter(({ audited }) => audited);
  return changes.map(({ method, path }) => `${method} ${path}`).toSorted();
}

/** Sends a request about something that does not exist, and returns the status of the answer. */
async function send(api: TestApi, route: string): Promise<number> {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern.replace(':id', id).replaceAll(/:\w+/g, NAME);
  const type = pattern.endsWith('/import') ? 'application/x-ndjson' : 'application/json';
  const init = method === 'DELETE' ? {} : { headers: { 'content-type': type }, body: JSON.stringify(body) };
  const response = await api.fetch(path, { method, ...init });
  await response.body?.cancel();
  return response.status;
}

interface AuditRecord {
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id?: string };
  readonly details?: object;
  readonly reason?: string;
  readonly outcome: string;
}

function sentenceOf({ action, subject, reason, details }: AuditRecord): string {
  const of = subject.id === undefined ? '' : ` of ${[id, NAME].includes(subject.id) ? 'it' : 'a new one'}`;
  const because = reason === undefined ? '' : ` because: ${reason}`;
  return `${action}${of}${because}${details === undefined ? '' : ` with ${JSON.stringify(details)}`}`;
}

async function records(api: TestApi): Promise<readonly AuditRecord[]> {
  const { items } = (await (await api.fetch('/api/audit?limit=100')).json()) as { items: AuditRecord[] };
  return items;
}

test('the audit log tells what was changed by every route, and why', async () => {
  await using nats = await startNats();
  await using api = await startApi({ natsUrl: nats.url, databaseUrl: await createMigratedDatabase(migrate) });
  const routes = auditedRoutes(api);
  const found: Record<string, string> = {};
  for (const [index, route] of routes.entries()) {
    await send(api, route);
    await eventually(async () => {
      const all = await records(api);
      expect(all.filter(({ outcome }) => outcome !== 'unknown')).toHaveLength(index + 1);
    });
    const [record] = await records(api);
    found[route] = record === undefined ? '' : sentenceOf(record);
  }
  expect(found).toEqual(told);
});

test('what no event tells of is not done without its record', async () => {
  await using nats = await startNats();
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  await using api = await startApi({ natsUrl: nats.url, databaseUrl: postgres.url });
  await postgres.kill();
  const refused: string[] = [];
  for (const route of auditedRoutes(api)) if ((await send(api, route)) === 503) refused.push(route);
  expect(refused).toEqual(required);
});
