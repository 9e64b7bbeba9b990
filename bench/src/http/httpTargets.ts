import type { HttpCall, HttpTarget } from './httpTarget.ts';
import { startApi } from './startApi.ts';
import { startBareCreation, startBareEcho } from './startBareExpress.ts';

const JOB = { type: 'bench', payload: { to: 'user@example.com', subject: 'hello' } };
const SINGLE: HttpCall = { path: '/api/jobs', body: JSON.stringify(JOB), jobs: 1, connections: 100 };
const BATCH_SIZE = 1_000;
const BATCH: HttpCall = {
  path: '/api/jobs/batch',
  body: JSON.stringify({ jobs: Array.from({ length: BATCH_SIZE }, () => JOB) }),
  jobs: BATCH_SIZE,
  connections: 8,
};

export const HTTP_TARGETS: readonly HttpTarget[] = [
  { id: 'express', name: 'A bare Express route that echoes', call: SINGLE, serve: startBareEcho },
  { id: 'bare-create', name: 'One that creates, of bare parts', call: SINGLE, serve: startBareCreation },
  { id: 'create', name: 'POST /api/jobs', call: SINGLE, serve: startApi },
  { id: 'batch', name: 'POST /api/jobs/batch, 1,000 jobs each', call: BATCH, serve: startApi },
];
