import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import type { PartialCommand } from './contractSystem.ts';
import type { Exchange } from './exchange.ts';
import type { Produce, Situation } from './produce.ts';

const STREAM = { accept: 'text/event-stream' };

/** Creates a job with every setting; returns its id. */
async function newJob({ other }: Pick<Situation, 'other'>, others: object = {}): Promise<string> {
  const backoff = { type: 'exponential', delayMs: 10, maxDelayMs: 1_000, jitter: 0.5 };
  const settings = { maxAttempts: 3, backoff, timeoutMs: 1_000, tags: ['contract'], ...others };
  const { text } = await other('createJob', {
    body: { type: 'email', payload: { to: ['someone', null, 1.5] }, ...settings },
  });
  return (JSON.parse(text) as { id: string }).id;
}

const error = { name: 'Error', message: 'no such mailbox', code: 'EMAILBOX', stack: 'secret places' };
const failing = { kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0.5, durationMs: 12 } as const;
const completing = { kind: 'CompleteAttempt', attempt: 2, result: { sent: true }, durationMs: 7.5 } as const;

/** All events of a job's life before the last one. */
const life: readonly PartialCommand[] = [
  { kind: 'StartAttempt', worker: 'w1' },
  { kind: 'ReportProgress', attempt: 1, percent: 50, message: 'half' },
  { kind: 'SuspendAttempt', attempt: 1, until: '2026-01-01T00:00:00.000Z', ranMs: 0.5 },
  { kind: 'ResumeAttempt', worker: 'w2', workerVersion: '2.4.0' },
  { kind: 'ReleaseAttempt', attempt: 1, reason: 'shutdown' },
  { kind: 'StartAttempt', worker: 'w1' },
];

async function livedJob(situation: Situation, end: 'completed' | 'failed', others: object = {}): Promise<string> {
  const id = await newJob(situation, others);
  const rest: PartialCommand[] =
    end === 'completed'
      ? [
          failing,
          { kind: 'RunJobNow', reason: 'now' },
          { kind: 'CancelJob', reason: 'enough' },
          { kind: 'ChangePayload', payload: { to: ['other'] }, reason: 'typo' },
          { kind: 'RequeueJob', reason: 'again' },
          start,
          { ...completing, attempt: 1 },
        ]
      : [{ ...failing, cause: 'unrecoverable' }];
  for (const command of [...life, ...rest]) await situation.system.carryOut(id, command);
  return id;
}

const start: PartialCommand = { kind: 'StartAttempt', worker: 'w2' };
const stepped: PartialCommand = {
  kind: 'RecordSteps',
  attempt: 1,
  steps: [
    { name: 'charge', result: { id: 'ch_1' }, durationMs: 3 },
    {
      name: 'send',
      key: 'a',
      error: { name: 'Error', message: 'no', code: 'E_NO', stack: 'Error: no' },
      durationMs: 4,
    },
  ],
};
const path = (id: string) => ({ params: { id } });
const signalPath = (id: string) => ({ params: { id, name: 'approved' } });
const isPast = (mark: string) => (text: string) => text.includes(mark) && text.endsWith('\n\n');

/** Asks for a job that a newer release has created. */
async function askUnreadable({ system, ask }: Situation): Promise<Exchange> {
  const [jobId, jobType] = [randomUUID(), 'newer'];
  const created = { v: 2, event: 'JobCreated', jobId, jobType, version: 1, data: {} };
  await system.guarded.log.append(created as unknown as JobEvent, 0);
  return ask(path(jobId));
}

/** A job whose first attempt has logged some lines and is over. */
export async function loggedJob(situation: Situation, lines = 1): Promise<string> {
  const jobId = await livedJob(situation, 'failed');
  const line = { time: Date.now(), level: 'info', message: 'sent', fields: { to: 2 } };
  const chunk = {
    jobId,
    attempt: 1,
    runId: randomUUID(),
    chunk: 0,
    end: true,
    sealed: false,
    lines: Array.from({ length: lines }, () => JSON.stringify(line)).join('\n'),
  };
  await new Promise((resolve) => situation.system.guarded.log.attemptLogs.append([{ chunk }], resolve));
  return jobId;
}

/** The request for a job with a key of its own. */
export function uniqueJob(unique: object) {
  return { type: 'email', payload: { to: randomUUID() }, unique };
}

/** The request for a job whose key is held for a time by another one, which nobody keeps any more. */
export async function jobOfLostHolder({ log }: Situation['system']['guarded']) {
  const unique = { by: ['payload.to'], forMs: 3_600_000 };
  const job = uniqueJob(unique);
  const key = await log.unique.keyOf({ jobType: job.type, unique, payload: job.payload });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await log.unique.renew(key, { jobId: randomUUID(), jobType: job.type, until, sequence: 0 });
  return job;
}

async function lastEventOf({ ask }: Situation, id: string): Promise<string> {
  const { items } = JSON.parse((await ask(path(id))).text) as { items: { sequence: number }[] };
  return String(items.at(-1)?.sequence);
}

/** Produces the special responses of operations on single jobs, by operation and status. */
export const jobAnswers: Readonly<Record<string, Readonly<Record<string, Produce>>>> = {
  createJob: {
    '201': ({ ask }) => ask({ body: { type: 'email', payload: [1], runAt: '2026-01-31T09:30:00+01:00' } }),
    '200': async ({ ask }) => {
      const same = { body: { type: 'email' }, headers: { 'idempotency-key': randomUUID() } };
      const unique = { body: uniqueJob({ by: ['payload.to'], while: 'waiting' }) };
      const rule = { ...unique.body.unique, onConflict: 'replace' };
      const replacing = { body: { ...unique.body, unique: rule } };
      const answers = [await ask(same), await ask(same), await ask(unique), await ask(unique), await ask(replacing)];
      return answers.filter(({ status }) => status === 200);
    },
    '409': async ({ system, ask }) => ask({ body: await jobOfLostHolder(system.guarded) }),
  },
  listJobs: {
    '200': async (situation) => {
      await Promise.all([
        livedJob(situation, 'completed'),
        livedJob(situation, 'failed'),
        newJob(situation, { delayMs: 60_000, priority: 'low', ...uniqueJob({ by: ['payload.to'], forMs: 1_000 }) }),
      ]);
      await situation.system.project();
      const page = await situation.ask({ query: '?type=email&limit=1&count=true' });
      await situation.system.followPast();
      const asOf = await situation.system.guarded.log.lastSequence();
      const past = await situation.ask({ query: `?type=email&count=true&asOf=${asOf}` });
      return [page, past, await situation.ask({ query: '?tag=contract&count=true' })];
    },
  },
  getJob: {
    '200': async (situation) => [
      await situation.ask(path(await livedJob(situation, 'completed'))),
      await situation.ask(path(await livedJob(situation, 'failed'))),
      await situation.ask({
        ...path(await newJob(situation, { priority: 'high', ...uniqueJob({ by: ['type'], while: 'waiting' }) })),
        query: '?wait=10ms&minVersion=1',
      }),
      await situation.ask(path(await newJob(situation, uniqueJob({ by: ['payload'], forMs: 1_000 })))),
      await situation.ask({ ...path(await newJob(situation)), query: '?asOf=2100-01-01T00:00:00Z' }),
    ],
    '304': async (situation) =>
      situation.ask({ ...path(await newJob(situation)), headers: { 'if-none-match': '"1"' } }),
    '409': async (situation) => situation.ask({ ...path(await newJob(situation)), query: '?minVersion=9' }),
  },
  getJobEvents: {
    '200': async (situation) => {
      const ids = [await livedJob(situation, 'completed'), await livedJob(situation, 'failed')];
      const answers: Exchange[] = [];
      for (const id of ids) {
        for (const accept of ['application/json', 'application/cloudevents-batch+json', STREAM.accept]) {
          answers.push(await situation.ask({ ...path(id), headers: { accept } }));
        }
      }
      return answers;
    },
    '204': async (situation) => {
      const id = await livedJob(situation, 'completed');
      const headers = { ...STREAM, 'last-event-id': await lastEventOf(situation, id) };
      return situation.ask({ ...path(id), headers });
    },
    '409': askUnreadable,
  },
  getJobSteps: {
    '200': async (situation) => {
      const id = await newJob(situation);
      for (const command of [start, stepped]) await situation.system.carryOut(id, command);
      await situation.system.project();
      return situation.ask(path(id));
    },
  },
  compareJob: {
    '200': async (situation) => {
      const succeeded = await livedJob(situation, 'completed');
      const failed = await livedJob(situation, 'failed');
      await situation.system.project();
      return [
        await situation.ask(path(failed)),
        await situation.ask({ ...path(succeeded), query: `?with=${failed}` }),
        await situation.ask(path(await newJob(situation, { type: 'compared-with-none' }))),
      ];
    },
    '409': askUnreadable,
  },
  getAttemptLogs: {
    '200': async (situation) => {
      const id = await loggedJob(situation);
      return [await situation.ask(path(id)), await situation.ask({ ...path(id), headers: STREAM })];
    },
    '204': async (situation) => situation.ask({ ...path(await livedJob(situation, 'failed')), headers: STREAM }),
    '409': askUnreadable,
  },
  cancelJob: {
    '200': async (situation) => situation.ask({ ...path(await newJob(situation)), body: { reason: 'not needed' } }),
    '409': async (situation) => situation.ask(path(await livedJob(situation, 'completed'))),
  },
  retryJob: {
    '200': async (situation) => [
      await situation.ask(path(await livedJob(situation, 'failed'))),
      await situation.ask({ ...path(await livedJob(situation, 'failed')), body: { payload: { to: [] } } }),
    ],
    '409': async (situation) => situation.ask(path(await newJob(situation))),
  },
  runJobNow: {
    '200': async (situation) => situation.ask(path(await newJob(situation, { delayMs: 60_000 }))),
    '409': async (situation) => situation.ask(path(await livedJob(situation, 'completed'))),
  },
  changePriority: {
    '200': async (situation) =>
      situation.ask({ ...path(await newJob(situation)), body: { priority: 'high', reason: 'late' } }),
    '404': async ({ ask }) => ask({ body: { priority: 'high' } }),
    '409': async (situation) =>
      situation.ask({ ...path(await livedJob(situation, 'completed')), body: { priority: 'low' } }),
  },
  signalJob: {
    '202': async (situation) => {
      const id = await newJob(situation);
      const signal = { ...signalPath(id), body: { payload: { by: 'ann' } }, headers: { 'idempotency-key': 'k' } };
      return [await situation.ask(signal), await situation.ask(signal)];
    },
    '409': async (situation) => situation.ask(signalPath(await livedJob(situation, 'completed'))),
  },
  rerunJob: {
    '201': async (situation) => [
      await situation.ask(path(await livedJob(situation, 'completed'))),
      await situation.ask({ ...path(await livedJob(situation, 'failed')), body: { payload: 1, reason: 'again' } }),
    ],
    '200': async (situation) => {
      const same = { ...path(await livedJob(situation, 'failed')), headers: { 'idempotency-key': randomUUID() } };
      await situation.ask(same);
      return situation.ask(same);
    },
    '409': async (situation) => situation.ask(path(await newJob(situation))),
  },
  erasePayload: {
    '200': async (situation) => situation.ask(path(await livedJob(situation, 'failed'))),
    '409': async ({ ask, system }) => {
      const created = await system.open.post('/api/jobs', { type: 'email' });
      return ask(path(((await created.json()) as { id: string }).id));
    },
  },
  followEvents: {
    '200': async (situation) => {
      const id = await livedJob(situation, 'failed');
      const after = (await situation.system.guarded.log.lastSequence()) - 5;
      return situation.ask({ query: `?after=${after}`, isEnough: isPast(id) });
    },
  },
  getSharedTraits: {
    '200': async (situation) => {
      const type = `failed-${randomUUID()}`;
      for (let jobs = 0; jobs < 2; jobs++) await livedJob(situation, 'failed', { type });
      await situation.system.project();
      const { text } = await situation.other('listFailures', { query: `?type=${type}` });
      const [group] = (JSON.parse(text) as { items: { id: string }[] }).items;
      return situation.ask({ query: `?failure=${group?.id}` });
    },
  },
  getStats: {
    '200': async (situation) => {
      await situation.other('pauseType', { params: { type: 'paused-for-stats' } });
      await newJob(situation, { type: 'paused-for-stats' });
      const ofTenant = { authorization: `Bearer ${situation.system.keyWith('jobs:read', 'acme')}` };
      await situation.system.followPast();
      const past = `?asOf=${await situation.system.guarded.log.lastSequence()}`;
      return [await situation.ask(), await situation.ask({ headers: ofTenant }), await situation.ask({ query: past })];
    },
  },
};
