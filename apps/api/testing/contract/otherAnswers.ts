import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { expect } from 'vitest';
import { announceWorker } from '../announceWorker.ts';
import type { Exchange } from './exchange.ts';
import type { Produce, Situation } from './produce.ts';

const files = ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png', 'start.js'];

const startedAt = '2026-11-27T08:00:00.000Z';

/** The list as it is once this API knows the worker too. */
function listing(worker: string, ask: Situation['ask']): Promise<Exchange> {
  return eventually(async () => {
    const answer = await ask();
    expect(answer.text).toContain(worker);
    return answer;
  });
}

/** Like jobResponses, for job types, keys and the process. */
export const otherAnswers: Readonly<Record<string, Readonly<Record<string, Produce>>>> = {
  listTypes: {
    '200': async ({ ask, other, system }) => {
      await other('pauseType', { params: { type: 'listed' } });
      await announceWorker(system.open, { type: 'thumbnail', payloadSchema: { $ref: '#' }, resultSchema: true });
      const { worker } = await announceWorker(system.open, { type: 'thumbnail', version: '1.4.0' });
      return listing(worker, ask);
    },
  },
  listWorkers: {
    '200': async ({ ask, system }) => {
      const run = { jobId: randomUUID(), type: 'crop', attempt: 1, runId: randomUUID(), startedAt };
      await announceWorker(system.open, { type: 'crop', live: false });
      const { worker } = await announceWorker(system.open, { type: 'crop', version: '1.4.0', running: [run] });
      return listing(worker, ask);
    },
  },
  pauseType: {
    '200': async ({ ask }) => [
      await ask({ params: { type: 'paused' } }),
      await ask({ params: { type: 'paused' }, body: { until: '2100-01-01T09:00:00+01:00' } }),
    ],
    '404': ({ ask }) => ask({ params: { type: 'No-Type' } }),
  },
  pauseAllTypes: {
    '200': async ({ ask, other }) => {
      await other('pauseType', { params: { type: 'paused-alone' } });
      const answer = await ask({ body: { until: '2100-01-01T09:00:00+01:00', reason: 'move' } });
      await other('resumeAllTypes');
      return answer;
    },
  },
  resumeAllTypes: {
    '200': async ({ ask, other }) => {
      await other('pauseAllTypes');
      return ask();
    },
  },
  resumeType: {
    '200': async ({ ask, other }) => {
      await other('pauseType', { params: { type: 'resumed' } });
      return ask({ params: { type: 'resumed' } });
    },
  },
  changeType: {
    '200': ({ ask }) => ask({ params: { type: 'changed' }, body: { payloadCheck: 'warn' } }),
    '404': ({ ask }) => ask({ params: { type: 'No-Type' }, body: { payloadCheck: 'warn' } }),
  },
  removeType: {
    '204': ({ ask }) => ask({ params: { type: 'removed' } }),
    '404': ({ ask }) => ask({ params: { type: 'No-Type' } }),
  },
  removeWorker: { '204': ({ ask }) => ask({ params: { worker: 'removed' } }) },
  createKey: {
    '201': ({ ask }) =>
      ask({ body: { name: 'made', scopes: ['jobs:read'], tenant: 'acme', expiresAt: '2100-01-01T00:00:00Z' } }),
  },
  revokeKey: {
    '204': async ({ ask, other }) => {
      const { text } = await other('createKey', { body: { name: 'made', scopes: ['jobs:read'] } });
      return ask({ params: { id: (JSON.parse(text) as { id: string }).id } });
    },
  },
  endSession: { '204': ({ ask }) => ask() },
  requestVerification: { '202': ({ ask }) => ask() },
  requestRebuild: { '202': ({ ask }) => ask() },
  cancelRebuild: { '202': ({ ask }) => ask() },
  getReady: { '503': ({ system, operation }) => system.ask(operation, {}, system.lost) },
  getDocsFile: { '200': ({ ask }) => Promise.all(files.map((file) => ask({ params: { file } }))) },
};
