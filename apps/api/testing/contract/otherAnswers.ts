import type { Produce } from './produce.ts';

const files = ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png', 'start.js'];

/** Like jobResponses, for job types, keys and the process. */
export const otherAnswers: Readonly<Record<string, Readonly<Record<string, Produce>>>> = {
  listTypes: {
    '200': async ({ ask, other }) => {
      await other('pauseType', { params: { type: 'listed' } });
      return ask();
    },
  },
  pauseType: {
    '200': async ({ ask }) => [
      await ask({ params: { type: 'paused' } }),
      await ask({ params: { type: 'paused' }, body: { until: '2100-01-01T09:00:00+01:00' } }),
    ],
    '404': ({ ask }) => ask({ params: { type: 'No-Type' } }),
  },
  resumeType: {
    '200': async ({ ask, other }) => {
      await other('pauseType', { params: { type: 'resumed' } });
      return ask({ params: { type: 'resumed' } });
    },
  },
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
  requestRebuild: { '202': ({ ask }) => ask() },
  cancelRebuild: { '202': ({ ask }) => ask() },
  getReady: { '503': ({ system, operation }) => system.ask(operation, {}, system.lost) },
  getDocsFile: { '200': ({ ask }) => Promise.all(files.map((file) => ask({ params: { file } }))) },
};
