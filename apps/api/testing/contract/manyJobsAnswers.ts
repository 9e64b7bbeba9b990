import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { expect } from 'vitest';
import { jobOfLostHolder, uniqueJob } from './jobAnswers.ts';
import type { Ask } from './contractSystem.ts';
import type { Produce, Situation } from './produce.ts';

const LINES = 'application/x-ndjson';

const bulk =
  (body: object): Produce =>
  async ({ ask, other, system }) => {
    await other('createJob', { body: { type: 'email' } });
    await system.project();
    const counted = await ask({ body: { ...body, dryRun: true } });
    const streamed = await ask({ body: { ...body, limit: 1 }, headers: { accept: LINES } });
    return [counted, streamed, await ask({ body: { ...body, reason: 'withdrawn' } })];
  };

const filter = { type: 'email', status: 'cancelled' };

const accepted = (kind: object): Readonly<Record<string, Produce>> => ({
  '202': async ({ ask, other, system }) => {
    await jobThatHasEnded({ other, system });
    return ask({ body: { ...kind, filter, patch: { to: null }, rate: 1, limit: 2, reason: 'again' } });
  },
  '200': async ({ ask }) => {
    const same = { body: { ...kind, filter, limit: 1 }, headers: { 'idempotency-key': randomUUID() } };
    await ask(same);
    return [await ask(same), await ask({ body: { ...kind, filter, dryRun: true } })];
  },
});

async function jobThatHasEnded({ other, system }: Pick<Situation, 'other' | 'system'>): Promise<void> {
  const { text } = await other('createJob', { body: { type: 'email' } });
  await other('cancelJob', { params: { id: (JSON.parse(text) as { id: string }).id } });
  await system.project();
}

/** An operation on two jobs, one a second, or one that has ended. */
async function operationOf({ other, system }: Situation, status: 'running' | 'paused' | 'completed'): Promise<Ask> {
  await jobThatHasEnded({ other, system });
  await jobThatHasEnded({ other, system });
  const rate = status === 'completed' ? {} : { rate: 1 };
  const { text } = await other('replayJobs', { body: { filter, limit: 2, ...rate } });
  const params = { id: (JSON.parse(text) as { id: string }).id };
  if (status === 'paused') await other('pauseOperation', { params });
  if (status === 'completed') {
    await eventually(async () => expect((await other('getOperation', { params })).text).toContain('"completed"'));
  }
  return { params };
}

const steered = (status: 'running' | 'paused'): Readonly<Record<'200' | '409', Produce>> => ({
  '200': async (situation) => situation.ask(await operationOf(situation, status)),
  '409': async (situation) => {
    const ended = await operationOf(situation, 'completed');
    return situation.ask(ended);
  },
});

/** Like jobResponses, for operations on many jobs. */
export const manyJobsAnswers: Readonly<Record<string, Readonly<Record<string, Produce>>>> = {
  createJobs: {
    '201': ({ ask }) => ask({ body: { jobs: [{ type: 'email' }, { type: 'email', delayMs: 1_000 }] } }),
    '200': async ({ ask }) => {
      const same = { body: { jobs: [{ type: 'email' }] }, headers: { 'idempotency-key': randomUUID() } };
      const unique = { body: { jobs: [uniqueJob({ by: ['payload.to'], onConflict: 'replace' })] } };
      const answers = [await ask(same), await ask(same), await ask(unique), await ask(unique)];
      return answers.filter(({ status }) => status === 200);
    },
    '409': async ({ system, ask }) => ask({ body: { jobs: [await jobOfLostHolder(system.guarded)] } }),
  },
  importJobs: {
    '200': ({ ask }) => {
      const keyed = JSON.stringify({ type: 'email', idempotencyKey: randomUUID() });
      return ask({ body: [keyed, '{"type": "E-Mail"}', '{', keyed].join('\n') });
    },
  },
  replayJobs: accepted({}),
  createOperation: accepted({ kind: 'replay' }),
  getOperation: { '200': async (situation) => situation.ask(await operationOf(situation, 'completed')) },
  getOperationJobs: {
    '200': async (situation) => {
      const completed = await operationOf(situation, 'completed');
      return [await situation.ask(completed), await situation.ask(await operationOf(situation, 'paused'))];
    },
  },
  getReplacedValues: {
    '200': async ({ ask, other, system }) => {
      await jobThatHasEnded({ other, system });
      const { text } = await other('replayJobs', { body: { filter, limit: 1, patch: { to: 'x' }, paused: true } });
      return ask({ params: { id: (JSON.parse(text) as { id: string }).id } });
    },
    '409': steered('paused')['409'],
  },
  pauseOperation: steered('running'),
  resumeOperation: steered('paused'),
  cancelOperation: steered('paused'),
  changePriorities: { '200': bulk({ type: 'email', priority: 'low' }) },
  cancelJobs: { '200': bulk({ type: 'email' }) },
  retryJobs: { '200': bulk({ status: 'cancelled' }) },
};
