import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createDatabase } from '@jobstream/test-support';
import type { NatsUser } from '@jobstream/servers';
import { jobsClient } from '../harness/jobsClient.ts';
import { runScript } from '../harness/runProgram.ts';
import { type NatsWithUsers, startNatsWithUsers } from '../harness/startNatsWithUsers.ts';
import { type Service, type Services, startServices } from '../harness/startServices.ts';

/** A running system with known content, an empty server beside it, and an operator's environment. */
export interface ReplayStage extends AsyncDisposable {
  readonly env: Record<string, string>;
  readonly jobs: ReturnType<typeof jobsClient>;
  readonly databases: { readonly original: string; readonly restored: string };
  /** Starts the services on the server that was empty, with an empty database. */
  startRestored(): Promise<Services>;
}

const HOUR = 3_600_000;

export async function startReplayStage(natsCli: string): Promise<ReplayStage> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startNatsWithUsers());
  const restored = stack.use(await startNatsWithUsers());
  const databases = { original: await createDatabase(), restored: await createDatabase() };
  await migrate(settings(nats, databases.original, 'migrate'));
  const services = stack.use(await startServices((service) => settings(nats, databases.original, service)));
  const home = await mkdtemp(path.join(os.tmpdir(), 'jobstream-replay-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  await mkdir(path.join(home, 'bin'));
  await symlink(natsCli, path.join(home, 'bin', 'nats'));
  const content = await createContent(services.api);
  const owned = stack.move();
  return {
    env: {
      ...content,
      HOME: home,
      PATH: `${path.join(home, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
      API: services.api,
      BACKUP: path.join(home, 'backup'),
      SERVER: nats.url,
      OPERATOR_PASSWORD: nats.settings('operator')['NATS_PASSWORD'] ?? '',
      EMPTY_SERVER: restored.url,
      DATABASE_URL: databases.original,
      MIGRATE_PASSWORD: nats.settings('migrate')['NATS_PASSWORD'] ?? '',
      PROJECTOR_PASSWORD: nats.settings('projector')['NATS_PASSWORD'] ?? '',
    },
    jobs: jobsClient(services.api),
    databases,
    startRestored: async () => {
      await migrate(settings(restored, databases.restored, 'migrate'));
      return startServices((service) => settings(restored, databases.restored, service));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function migrate(env: Record<string, string>): Promise<void> {
  const { code, output } = await runScript('tools/migrate.ts', env);
  if (code !== 0) throw new Error(output);
}

function settings(nats: NatsWithUsers, databaseUrl: string, user: NatsUser | Service): Record<string, string> {
  return { ...nats.settings(user), DATABASE_URL: databaseUrl };
}

/** One job that completed, one that failed after two attempts, one that is due tomorrow, and a schedule. */
async function createContent(api: string): Promise<Record<string, string>> {
  const jobs = jobsClient(api);
  const from = new Date(Date.now() - HOUR).toISOString();
  const job = await jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
  const failed = await jobs.create({
    type: 'sleep',
    payload: { durationMs: 1, failTimes: 99 },
    maxAttempts: 2,
    backoff: { type: 'fixed', delayMs: 10 },
  });
  const delayed = await jobs.create({ type: 'email', payload: { to: 'user@example.com' }, delayMs: 24 * HOUR });
  await fetch(`${api}/api/schedules`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'nightly-report',
      cron: '30 2 * * *',
      job: { type: 'email', payload: { to: 'team@example.com' } },
    }),
  });
  await jobs.reaches(job.id, 'completed');
  await jobs.reaches(failed.id, 'failed');
  const to = new Date(Date.now() + HOUR).toISOString();
  return { JOB: job.id, FAILED: failed.id, DELAYED: delayed.id, FROM: from, TO: to };
}
