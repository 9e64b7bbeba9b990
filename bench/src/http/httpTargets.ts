import type { Durability, RunningServers } from '../servers/runningServers.ts';
import { startApi } from './startApi.ts';
import { startBaselineCreation, startBaselineEcho } from './startBaselineExpress.ts';

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
  { id: 'express', name: 'A minimal Express route that echoes', call: SINGLE, serve: startBaselineEcho },
  { id: 'baseline-create', name: 'A minimal Express route that creates', call: SINGLE, serve: startBaselineCreation },
  { id: 'create', name: 'POST /api/jobs', call: SINGLE, serve: startApi },
  { id: 'batch', name: 'POST /api/jobs/batch, 1,000 jobs each', call: BATCH, serve: startApi },
];

/** What is asked over HTTP: a path, a body, and how much work one request stands for. */
export interface HttpCall {
  readonly path: string;
  readonly body: string;
  readonly jobs: number;
  readonly connections: number;
}

/** Something that answers HTTP; the address of its running servers is the URL. */
export interface HttpTarget {
  readonly id: string;
  readonly name: string;
  readonly call: HttpCall;
  serve(folder: string, durability: Durability): Promise<RunningServers>;
}
