import { randomUUID } from 'node:crypto';
import type { Produce } from './produce.ts';

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

/** Like jobResponses, for operations on many jobs. */
export const manyJobsAnswers: Readonly<Record<string, Readonly<Record<string, Produce>>>> = {
  createJobs: {
    '201': ({ ask }) => ask({ body: { jobs: [{ type: 'email' }, { type: 'email', delayMs: 1_000 }] } }),
    '200': async ({ ask }) => {
      const same = { body: { jobs: [{ type: 'email' }] }, headers: { 'idempotency-key': randomUUID() } };
      await ask(same);
      return ask(same);
    },
  },
  importJobs: {
    '200': ({ ask }) => {
      const keyed = JSON.stringify({ type: 'email', idempotencyKey: randomUUID() });
      return ask({ body: [keyed, '{"type": "E-Mail"}', '{', keyed].join('\n') });
    },
  },
  cancelJobs: { '200': bulk({ type: 'email' }) },
  retryJobs: { '200': bulk({ status: 'cancelled' }) },
};
