import { connect } from '@nats-io/transport-node';
import { eventually } from '@jobstream/test-support';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { startTestSystem } from '../harness/startTestSystem.ts';
import type { TestSystem } from '../harness/testSystem.ts';

let system: TestSystem;
let jobs: ReturnType<typeof jobsClient>;

beforeAll(async () => {
  system = await startTestSystem({ ACK_WAIT_MS: '1000' });
  jobs = jobsClient(system.api, system.key);
});

afterAll(() => system[Symbol.asyncDispose]());

async function startAgain(): Promise<void> {
  await system.start();
  jobs = jobsClient(system.api, system.key);
}

async function rows(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: system.postgres });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** Waits until the table has every job of the log as finished, and returns its rows. */
async function finishedRows(): Promise<Record<string, unknown>[]> {
  const { id } = await jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
  return eventually(async () => {
    // The table is written in the order of the log: it has all jobs that were created before this one.
    const all = await rows('SELECT id, status, version FROM jobs ORDER BY id');
    expect(all.filter(({ status }) => !ENDED.has(String(status)))).toEqual([]);
    expect(all).toContainEqual(expect.objectContaining({ id }));
    return all;
  });
}

describe('a job', () => {
  test('is created as pending and completes with a result', async () => {
    const response = await jobs.post({ type: 'email', payload: { to: 'user@example.com' } });
    const created = (await response.json()) as { id: string };
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/api/jobs/${created.id}`);
    expect(created).toMatchObject({ status: 'pending', version: 1 });
    const job = await jobs.reaches(created.id, 'completed');
    expect(job).toMatchObject({ attempt: 1, result: { accepted: ['user@example.com'] } });
    expect(Date.parse(job.updatedAt)).toBeGreaterThanOrEqual(Date.parse(job.createdAt));
  });

  test('matches the API in Postgres and the contract in the log', async () => {
    const { id } = await jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
    const job = await jobs.reaches(id, 'completed');
    await eventually(async () =>
      expect(await rows('SELECT status FROM jobs WHERE id = $1', [id])).toEqual([{ status: 'completed' }]),
    );
    const [row] = await rows('SELECT * FROM jobs WHERE id = $1', [id]);
    expect(row).toMatchObject({ id, type: 'email', status: 'completed', attempt: 1, version: 3, result: job.result });
    const nats = await connect(system.nats);
    for (const [token, event] of [
      ['created', 'JobCreated'],
      ['started', 'JobStarted'],
      ['completed', 'JobCompleted'],
    ]) {
      const message = await nats.request(`$JS.API.DIRECT.GET.JOBS.jobs.email.${id}.${token}`, '', { timeout: 60_000 });
      expect(message.json()).toMatchObject({ v: 1, event, jobId: id, jobType: 'email' });
    }
    await nats.close();
  });

  test('that fails twice is retried with the waits of its policy and then completes', async () => {
    const backoff = { type: 'exponential', delayMs: 300, maxDelayMs: 10_000, jitter: 0 };
    const { id } = await jobs.create({ type: 'sleep', payload: { durationMs: 1, failTimes: 2 }, backoff });
    expect(await jobs.reaches(id, 'completed', 'failed')).toMatchObject({ status: 'completed', attempt: 3 });
    const events = (await jobs.events(id)).filter(({ event }) => event !== 'JobProgressed');
    expect(events.map(({ event }) => event.slice(3)).join(' → ')).toBe(
      'Created → Started → RetryScheduled → Started → RetryScheduled → Started → Completed',
    );
    for (const [index, wait] of [
      [2, 300],
      [4, 600],
    ] as const) {
      const [retry, next] = [events[index], events[index + 1]];
      expect(Date.parse(retry?.data.retryAt ?? '') - Date.parse(retry?.at ?? '')).toBe(wait);
      expect(Date.parse(next?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(retry?.data.retryAt ?? ''));
    }
  });

  test('that always fails ends as failed after its last attempt, with the error', async () => {
    const backoff = { type: 'fixed', delayMs: 10 };
    const { id } = await jobs.create({
      type: 'sleep',
      payload: { durationMs: 1, failTimes: 99 },
      maxAttempts: 3,
      backoff,
    });
    const job = await jobs.reaches(id, 'failed', 'completed');
    expect(job).toMatchObject({ status: 'failed', attempt: 3, error: { message: expect.stringMatching(/\w/) } });
  });

  test('whose worker is killed is run again by the next one, as attempt 2', async () => {
    const { id } = await jobs.create({ type: 'sleep', payload: { durationMs: 5_000 } });
    // The log knows it before the table does: the worker must be killed while the job runs.
    await eventually(async () => expect((await jobs.events(id)).at(1)).toMatchObject({ event: 'JobStarted' }));
    await system.kill('worker');
    expect(await jobs.reaches(id, 'completed', 'failed')).toMatchObject({ status: 'completed', attempt: 2 });
    const started = (await jobs.events(id)).filter(({ event }) => event === 'JobStarted');
    expect(started.map(({ data }) => data.attempt)).toEqual([1, 2]);
  });
});

describe('wrong input', () => {
  test.each([
    ['broken JSON', '{"type":', 400, undefined],
    ['an unknown field', { type: 'email', colour: 'red' }, 422, [{ pointer: '/colour' }]],
    ['a type that is none', { type: 'E mail' }, 422, [{ pointer: '/type' }]],
    ['300 KB of payload', { type: 'email', payload: 'x'.repeat(300_000) }, 413, undefined],
  ])('%s is refused', async (_name, body, status, errors) => {
    const response = await jobs.post(body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ status, ...(errors === undefined ? {} : { errors }) });
  });
});

describe('the whole system', () => {
  test('keeps every acknowledged job when nats-server is frozen and killed under load', async () => {
    const acknowledged: string[] = [];
    const refusals: number[] = [];
    const stop = new AbortController();
    const client = async () => {
      while (!stop.signal.aborted) {
        const response = await jobs.post({ type: 'sleep', payload: { durationMs: 1 } });
        const { id } = (await response.json()) as { id: string };
        if (response.status === 201) acknowledged.push(id);
        else refusals.push(response.status);
      }
    };
    const clients = Promise.all(Array.from({ length: 10 }, client));
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(100));
    await system.kill('nats', 'SIGSTOP');
    await eventually(() => expect(refusals.length).toBeGreaterThan(0));
    await system.kill('nats');
    const before = acknowledged.length;
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 50));
    stop.abort();
    await clients;
    // While the server is frozen: within the time of a request, or this would wait for ever.
    expect(new Set(refusals)).toEqual(new Set([503]));
    for (const id of acknowledged) await jobs.reaches(id, 'completed');
  });

  test('has all jobs after a stop and a start, and stops in order', async () => {
    const { id } = await jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
    await jobs.reaches(id, 'completed');
    expect(await system.stop()).toBe(true);
    await startAgain();
    expect(await jobs.job(id)).toMatchObject({ id, status: 'completed' });
  });

  test('builds the table again from the log when the data of Postgres are gone', async () => {
    const before = await finishedRows();
    await system.stop();
    await system.loseDatabase();
    await startAgain();
    await eventually(
      async () => expect(await rows('SELECT id, status, version FROM jobs ORDER BY id')).toEqual(before),
      {
        timeoutMs: 60_000,
      },
    );
  });
});
