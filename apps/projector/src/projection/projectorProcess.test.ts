import { eventually, forEachTest, freePort, startDatabaseProxy } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { projectorStage } from '../../testing/projectorStage.ts';
import { spawnProjector } from '../../testing/spawnProjector.ts';

const stage = forEachTest(projectorStage);
let env: Record<string, string>;

beforeEach(async () => {
  env = { NATS_URL: stage.nats.url, DATABASE_URL: stage.databaseUrl };
});

async function pendingJobs(): Promise<number | undefined> {
  return (await stage.readModel.countJobs()).find(({ status }) => status === 'pending')?.count;
}

async function readiness(port: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
  const { parts } = (await response.json()) as { parts: unknown };
  return { status: response.status, parts };
}

const READY = { status: 200, parts: { start: 'up', log: 'up', table: 'up' } };
const WITHOUT_TABLE = { status: 503, parts: { start: 'up', log: 'up', table: 'down' } };

test('a projector is ready while it can reach Postgres, also when it only stands by', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  await using first = spawnProjector(env);
  await first.logged('projecting');
  const port = await freePort();
  await using second = spawnProjector({ ...env, DATABASE_URL: proxy.url, HEALTH_PORT: String(port) });
  await second.wrote('standing by');
  await eventually(async () => expect(await readiness(port)).toEqual(READY));
  await proxy.cut();
  await eventually(async () => expect(await readiness(port)).toEqual(WITHOUT_TABLE));
  await proxy.heal();
  await eventually(async () => expect(await readiness(port)).toEqual(READY));
});

test('a projector that was given the address of no database is not ready', async () => {
  const [port, nowhere] = [await freePort(), await freePort()];
  const url = `postgres://127.0.0.1:${nowhere}/jobstream`;
  await using _projector = spawnProjector({ ...env, DATABASE_URL: url, HEALTH_PORT: String(port) });
  await eventually(async () => expect(await readiness(port)).toEqual(WITHOUT_TABLE));
});

test('when the active projector is killed, the one that stands by takes over', async () => {
  await using first = spawnProjector(env);
  await first.logged('projecting');
  await using second = spawnProjector(env);
  await second.wrote('standing by');
  await stage.projected(await stage.createJob());
  first.kill('SIGKILL');
  await stage.projected(await stage.createJob());
  await second.logged('projecting');
  expect(await pendingJobs()).toBe(2);
});

test('a projector that was frozen while another took over does not write any more, and stands by', async () => {
  await using first = spawnProjector(env);
  await stage.projected(await stage.createJob());
  await using second = spawnProjector(env);
  await second.wrote('standing by');
  first.kill('SIGSTOP');
  await stage.projected(await stage.createJob());
  await second.logged('projecting');
  first.kill('SIGCONT');
  await first.wrote('standing by');
  await stage.projected(await stage.createJob());
  expect(await pendingJobs()).toBe(3);
});

test('a projector that loses its lock notices it at once, even while nothing happens in the log', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  await using projector = spawnProjector({ ...env, DATABASE_URL: proxy.url });
  await projector.logged('projecting');
  await proxy.cut();
  await proxy.heal();
  await expect(projector.wrote('"projecting"', 2)).resolves.toBeUndefined();
});

test('SIGTERM ends the process in order, and the next one need not wait for the lock', async () => {
  await using first = spawnProjector(env);
  await stage.projected(await stage.createJob());
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  await using second = spawnProjector(env);
  await second.logged('projecting');
});

test('an event of a newer release is put aside with a clear line, and the process goes on', async () => {
  await using projector = spawnProjector(env);
  await projector.logged('ready');
  await stage.createJob({ v: 2 });
  await projector.wrote('event of a newer release put aside: its job waits for an upgrade');
  const later = await stage.createJob();
  await stage.projected(later);
  expect((await stage.readModel.findJob(later))?.job.status).toBe('pending');
});

test('a projector whose past states were written from another log ends, and says what to do', async () => {
  await stage.sql(`INSERT INTO past_checkpoint VALUES (true, 1000, now(), 1, now())`);
  await using projector = spawnProjector({ ...env, AS_OF_REACH: '1d' });
  await projector.wrote(
    'known up to sequence 1000, but the log ends at 0: the log was lost or replaced. Restore it, or',
  );
  expect(await projector.ended).toBe(1);
});
