import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { JobstreamClient } from './jobstreamClient.ts';

interface OpenApi {
  readonly paths: Readonly<Record<string, object>>;
}

const documented = Object.entries(
  (JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../docs/openapi.json'), 'utf8')) as OpenApi).paths,
).flatMap(([route, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`));

/** For people, operators and probes; and streams of requests, which browsers cannot send. */
const NOT_FOR_PROGRAMS =
  /^\w+ (\/|\/dashboard.*|\/docs.*|\/openapi\.json|\/metrics|\/health\/.*|\/api\/(admin|jobs\/import).*)$/;

/** Makes every call there is, and answers which operations that came to. */
async function operationsUsed(): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  const note: typeof fetch = async (input, { method, headers } = {}) => {
    used.add(`${method} ${decodeURIComponent(new URL(input instanceof Request ? input.url : input).pathname)}`);
    if (new Headers(headers).get('accept') === 'text/event-stream') return new Response(null, { status: 204 });
    return Response.json({ status: 'completed', items: [], jobs: [], nextCursor: null });
  };
  const client = new JobstreamClient({ url: 'http://localhost', fetch: note });
  const { jobs, schedules, types, workers, operations, audit, keys } = client;
  const [job, name, all] = [{ type: 'email' }, '{name}', { all: true }] as const;
  const schedule = { name, cron: '@daily', job };
  await Promise.all([jobs.create(job), jobs.createBatch([job]), jobs.list().next(), jobs.get('{id}')]);
  await Promise.all([
    jobs.waitForCompletion('{id}'),
    jobs.history('{id}'),
    jobs.steps('{id}'),
    jobs.events('{id}').next(),
  ]);
  const attempt = '{attempt}' as unknown as number;
  await Promise.all([jobs.compare('{id}'), jobs.logs('{id}', attempt).next(), jobs.followLogs('{id}', attempt).next()]);
  await Promise.all([jobs.cancel('{id}'), jobs.retry('{id}'), jobs.erasePayload('{id}')]);
  await jobs.signal('{id}', '{name}');
  await Promise.all([
    jobs.cancelMany(all),
    jobs.retryMany(all),
    jobs.changePriority('{id}', 'high'),
    jobs.changePriorityOfMany(all, 'low'),
    client.events().next(),
    client.stats(),
    client.failures(),
    client.sharedTraits('{failure}'),
  ]);
  await Promise.all([jobs.runNow('{id}'), jobs.rerun('{id}'), schedules.run(name), schedules.change(name, {})]);
  await Promise.all([schedules.create(schedule), schedules.list().next(), schedules.get(name)]);
  await Promise.all([schedules.replace(schedule), schedules.delete(name), schedules.events(name).next()]);
  await Promise.all([types.list(), types.pause('{type}'), types.resume('{type}')]);
  await Promise.all([types.pauseAll(), types.resumeAll()]);
  await Promise.all([types.setPayloadCheck('{type}', 'warn'), types.remove('{type}')]);
  await Promise.all([workers.list(), workers.remove('{worker}'), audit.list().next()]);
  await Promise.all([keys.list(), keys.create({ name, scopes: ['jobs:read'] }), keys.revoke('{id}')]);
  await Promise.all([operations.create({ kind: 'retry', filter: all }), operations.replay({ filter: all })]);
  await Promise.all([operations.list().next(), operations.get('{id}'), operations.jobs('{id}').next()]);
  await Promise.all([client.proof.read(), client.proof.request()]);
  await Promise.all([operations.pause('{id}'), operations.resume('{id}'), operations.cancel('{id}')]);
  await operations.replaced('{id}');
  return used;
}

test('the client has exactly the operations of the API that are meant for programs', async () => {
  expect([...(await operationsUsed())].toSorted((one, other) => one.localeCompare(other))).toEqual(
    documented
      .filter((operation) => !NOT_FOR_PROGRAMS.test(operation))
      .toSorted((one, other) => one.localeCompare(other)),
  );
});
