import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { RebuildRequests, Verifications } from '@jobstream/readmodel';
import { eventually } from '@jobstream/test-support';
import { expect } from 'vitest';
import { announceWorker } from '../announceWorker.ts';
import { TENANT } from './contractSystem.ts';
import type { Exchange } from './exchange.ts';
import { loggedJob } from './jobAnswers.ts';
import type { Produce, Situation } from './produce.ts';
import { tickUntil } from './tickUntil.ts';

const ofTenant = ({ system }: Situation) => ({ authorization: `Bearer ${system.keyWith('admin', TENANT)}` });
const idOf = ({ text }: Exchange) => (JSON.parse(text) as { id: string }).id;
const path = (id: string) => ({ params: { id } });

/** A number with these digits in the JSON text of an event, as a worker in another language writes it. */
const digits = (text: string) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

async function jobOf(situation: Situation, body: object = {}, headers: Record<string, string> = {}): Promise<string> {
  return idOf(await situation.other('createJob', { body: { type: 'email', ...body }, headers }));
}

async function started(situation: Situation, id: string): Promise<string> {
  await situation.system.carryOut(id, { kind: 'StartAttempt', worker: 'w1', workerVersion: '2.4.0' });
  return id;
}

/** The job of a tenant that a definition gave settings to, in the middle of its attempt. */
async function runningJob(situation: Situation): Promise<string> {
  const { guarded } = situation.system;
  const announced = { type: `full-${randomUUID()}`, startedAt: new Date().toISOString() };
  const program = { ...announced, worker: randomUUID(), host: 'h', limits: { concurrency: 1 } };
  await guarded.log.announcements.announceType({ ...program, defaults: { maxAttempts: 7 } });
  const id = await eventually(async () => {
    const made = await jobOf(situation, { type: announced.type }, ofTenant(situation));
    expect((await situation.other('getJob', path(made))).text).toContain('"byDefinition"');
    return made;
  });
  await started(situation, id);
  await situation.system.carryOut(id, { kind: 'ReportProgress', attempt: 1, percent: 50, message: 'half' });
  return id;
}

/** A job that repeats another one, with a result that no double holds. */
async function rerunJob(situation: Situation): Promise<string> {
  const first = await jobOf(situation);
  await situation.other('cancelJob', path(first));
  const again = { body: { reason: 'again', delayMs: 1 } };
  const id = await started(situation, idOf(await situation.other('rerunJob', { ...path(first), ...again })));
  const result = { sum: digits('9007199254740993') };
  await situation.system.carryOut(id, { kind: 'CompleteAttempt', attempt: 1, result, durationMs: 1 });
  return id;
}

/** A job that sleeps, of which the table knows the name of the sleep. */
async function sleepingJob(situation: Situation): Promise<string> {
  const id = await started(situation, await jobOf(situation));
  const until = '2100-01-01T00:00:00.000Z';
  const steps = [{ name: 'sleep', key: '1', result: until, durationMs: 0 }];
  await situation.system.carryOut(id, { kind: 'RecordSteps', attempt: 1, steps });
  await situation.system.carryOut(id, { kind: 'SuspendAttempt', attempt: 1, until, ranMs: 12 });
  await situation.system.project();
  return id;
}

/** A job that has read a signal, has another one unread, and waits for a third with a time limit. */
async function signalledJob(situation: Situation): Promise<string> {
  const id = await jobOf(situation);
  const send = async (name: string) =>
    JSON.parse((await situation.other('signalJob', { params: { id, name }, body: { payload: 1 } })).text) as {
      signal: { id: string };
    };
  const { signal } = await send('approved');
  await send('note');
  await started(situation, id);
  const waitsUntil = '2100-01-01T00:00:00.000Z';
  const steps = [
    { name: 'approval', signal: { id: signal.id, name: 'approved' }, result: 1, durationMs: 0 },
    { name: 'send', key: 'a', error: { name: 'Error', message: 'no' }, durationMs: 4 },
    { name: 'payment', waitsUntil, durationMs: 0 },
  ];
  await situation.system.carryOut(id, { kind: 'RecordSteps', attempt: 1, steps });
  const until = { until: waitsUntil, ranMs: 1, signals: ['paid'] };
  await situation.system.carryOut(id, { kind: 'SuspendAttempt', attempt: 1, ...until });
  await situation.system.project();
  return id;
}

async function unreadableJob(situation: Situation): Promise<string> {
  const { log } = situation.system.guarded;
  const jobId = await jobOf(situation);
  const { sequence = 0 } = (await log.readJob(jobId)) ?? {};
  await log.append({ v: 2, event: 'JobStarted', jobId, jobType: 'email', version: 2 } as unknown as JobEvent, sequence);
  return jobId;
}

const replayOfTwo = async (situation: Situation) => {
  const filter = { type: `replayed-${randomUUID()}` };
  for (let jobs = 0; jobs < 2; jobs++) {
    const id = await jobOf(situation, filter, ofTenant(situation));
    await situation.other('cancelJob', path(id));
  }
  await situation.system.project();
  const body = { filter: { ...filter, status: 'cancelled' }, limit: 2 };
  const id = idOf(await situation.other('replayJobs', { body, headers: ofTenant(situation) }));
  return eventually(async () => {
    expect((await situation.other('getOperation', path(id))).text).toContain('"completed"');
    return id;
  });
};

const difference = { table: 'jobs', key: 'k', problem: 'different', field: 'status', live: 'a', log: 'b' } as const;
const progress = { step: 'compare', done: 1, total: 2 };

/** Produces answers that have what answers usually lack, by operation; see `unseen` of `SeenParts`. */
export const fullAnswers: Readonly<Record<string, Produce>> = {
  getJob: async (situation) => {
    const ids = [
      await runningJob(situation),
      await sleepingJob(situation),
      await signalledJob(situation),
      await rerunJob(situation),
      await unreadableJob(situation),
    ];
    return Promise.all(ids.map((id) => situation.ask(path(id))));
  },
  getJobSteps: async (situation) => situation.ask(path(await signalledJob(situation))),
  getJobEvents: async (situation) => {
    const dueAt = { runAt: '2100-01-01T00:00:00.000Z' };
    const rules = [{ while: 'waiting' }, { forMs: 1_000 }].map((rule) => ({ unique: { by: ['payload'], ...rule } }));
    const unique = rules.map((rule) => jobOf(situation, { payload: randomUUID(), ...rule }));
    const ids = [
      await runningJob(situation),
      await rerunJob(situation),
      await signalledJob(situation),
      await jobOf(situation, dueAt),
      ...(await Promise.all(unique)),
    ];
    return Promise.all(ids.map((id) => situation.ask(path(id))));
  },
  createJob: async ({ ask, other, system }) => {
    const payloadSchema = { type: 'object', properties: { to: { type: 'string' } } };
    await announceWorker(system.open, { type: 'warned', payloadSchema });
    await other('changeType', { params: { type: 'warned' }, body: { payloadCheck: 'warn' } });
    return eventually(async () => {
      const answers = [
        await ask({ body: { type: 'warmed' } }),
        await ask({ body: { type: 'warned', payload: { to: 1 } } }),
      ];
      expect(answers.map(({ text }) => text)).toEqual([
        expect.stringContaining('nearest'),
        expect.stringContaining('errors'),
      ]);
      return answers;
    });
  },
  createOperation: async (situation) => {
    const id = await jobOf(situation, { payload: { a: 1 } });
    await situation.other('cancelJob', path(id));
    await situation.system.project();
    const body = {
      kind: 'replay',
      filter: { ids: [id] },
      edits: [{ op: 'remove', path: '/to' }],
      dryRun: true,
      sample: 0,
    };
    const shown = await situation.ask({ body });
    const refused = { ...body, edits: [{ op: 'setIfMissing', path: '/a/b', value: 1 }] };
    return [shown, await situation.ask({ body: refused })];
  },
  getOperation: async (situation) => situation.ask(path(await replayOfTwo(situation))),
  getOperationJobs: async (situation) => situation.ask({ ...path(await replayOfTwo(situation)), query: '?limit=1' }),
  listOperations: async (situation) => {
    await replayOfTwo(situation);
    await replayOfTwo(situation);
    return situation.ask({ query: '?limit=1' });
  },
  listTypes: async ({ ask, system }) => {
    const schemas = { payloadSchema: { pattern: 'a+' }, resultSchema: true };
    const limits = { concurrency: 5, rate: { starts: 2, perMs: 1_000 } };
    const full = { type: 'full', ...schemas, limits, signals: { approved: { type: 'object' }, note: null } };
    await announceWorker(system.open, { ...full, startedAt: '2026-11-27T08:00:00.000Z', defaults: { timeoutMs: 1 } });
    await announceWorker(system.open, {
      ...full,
      version: '1.0.0',
      defaults: { backoff: { type: 'fixed', delayMs: 1 } },
    });
    return ask();
  },
  listWorkers: async ({ ask, system }) => {
    const since = '2026-11-27T08:00:00.000Z';
    const blocked = [{ since, durationMs: 1_200, jobs: [{ jobId: randomUUID(), attempt: 1 }] }];
    await announceWorker(system.open, { type: 'blocked', version: '1.0.0', blocked, stopping: true });
    await announceWorker(system.open, { type: 'ended', live: false, stoppedAt: since });
    return ask();
  },
  listKeys: async ({ ask, other }) => {
    const made = { name: 'full', scopes: ['jobs:read'], tenant: TENANT, expiresAt: '2100-01-01T00:00:00Z' };
    await other('revokeKey', path(idOf(await other('createKey', { body: made }))));
    return ask();
  },
  getSession: (situation) => situation.ask({ headers: ofTenant(situation) }),
  getSchedule: async (situation) => {
    const name = `s-${randomUUID()}`;
    const definition = {
      name,
      cron: '* * * * *',
      job: { type: 'report', priority: 'low', unique: { by: ['type'], forMs: 60_000 } },
    };
    await situation.other('createSchedule', { body: definition, headers: ofTenant(situation) });
    await tickUntil(AbortSignal.timeout(50), name, situation.system.guarded.log);
    const timed = await situation.ask({ params: { name } });
    const change = { body: { job: { unique: { by: ['type'], while: 'waiting' } } } };
    return [timed, await situation.other('changeSchedule', { params: { name }, ...change })];
  },
  getScheduleEvents: async (situation) => {
    const [timed, waiting] = [{ forMs: 60_000 }, { while: 'waiting' }];
    const change = async (before: object, after: object) => {
      const name = `s-${randomUUID()}`;
      const job = {
        type: 'report',
        payload: { of: 'today' },
        priority: 'high',
        unique: { by: ['payload.of'], ...before },
      };
      await situation.other('createSchedule', { body: { name, cron: '* * * * *', job } });
      const body = { enabled: false, reason: 'holidays', job: { unique: { by: ['type'], ...after } } };
      await situation.other('changeSchedule', { params: { name }, body });
      return situation.ask({ params: { name } });
    };
    return [await change(timed, waiting), await change(waiting, timed)];
  },
  listAudit: async (situation) => {
    const id = await jobOf(situation, {}, ofTenant(situation));
    await situation.other('cancelJob', { ...path(id), headers: ofTenant(situation) });
    return situation.ask({ query: `?subjectId=${id}` });
  },
  getAttemptLogs: async (situation) => {
    const id = await loggedJob(situation, 2);
    return situation.ask({ ...path(id), query: '?limit=1' });
  },
  getStats: ({ ask }) => ask({ query: '?window=1h' }),
  getVerification: async ({ ask, other, system }) => {
    const stored = new Verifications({ databaseUrl: system.databaseUrl, name: 'test', pauseS: 0 });
    await stored.start();
    await other('requestVerification');
    await stored.claim('runner');
    await stored.report('runner', progress);
    const running = await ask();
    const counts = { position: 9, end: 9, jobs: 3, differences: 1, unreadableJobs: 1, ignoredMessages: 1 };
    await stored.finish('runner', 'differs', { ...counts, first: [difference], reason: 'none' });
    await stored.stop();
    return [running, await ask()];
  },
  getRebuild: async ({ ask, other, system }) => {
    const stored = new RebuildRequests({ databaseUrl: system.databaseUrl, name: 'test' });
    await stored.start();
    await other('requestRebuild', { body: { except: ['tags'] } });
    await stored.claim('runner');
    await stored.report('runner', progress);
    const running = await ask();
    await stored.finish('runner', 'differs', { position: 9, jobs: 3, differences: [difference], reason: 'none' });
    await stored.stop();
    return [running, await ask()];
  },
};
