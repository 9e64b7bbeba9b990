import { startApi } from '../http/startApi.ts';
import { startBaselineEcho } from '../http/startBaselineExpress.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import { startNats } from '../servers/startNats.ts';
import { startPostgresWith } from '../servers/startPostgres.ts';
import type { GateCheck, GatePair } from './gateCheck.ts';
import { httpSubject } from './httpSubject.ts';
import { startSubject } from './subjectProcess.ts';
import type { SubjectName } from './subjects/loadSubject.ts';

/** Operations a round: about a tenth of a second of processor time. The baseline upsert costs so little that it needs more. */
const PER_ROUND = { appends: 10_000, attempts: 2_000, jobs: 4_998, rows: 9_996, requests: 2_000 } as const;

/** Nothing is synced: processor time is asked for, and a disk would only add noise. */
export const startLog = (folder: string) => startNats(folder, 'default');

/** Autovacuum would clear up after one round in the midst of another. */
export const startTable = (folder: string) => startPostgresWith(folder, { autovacuum: 'off' });

export const GATE_CHECKS: readonly GateCheck[] = [
  {
    id: 'append',
    title: 'append of a new job',
    baselineTitle: 'pipelined publish with expectation',
    counts: 'process',
    open: async (folder) =>
      openPair(await startLog(folder), ['append-ours', PER_ROUND.appends], ['append-baseline', PER_ROUND.appends]),
  },
  {
    id: 'attempt',
    title: 'attempt of a job',
    baselineTitle: 'consume, two publishes, acknowledge',
    counts: 'process',
    open: async (folder) =>
      openPair(await startLog(folder), ['attempt-ours', PER_ROUND.attempts], ['attempt-baseline', PER_ROUND.attempts]),
  },
  {
    id: 'project',
    title: 'projection of a job, three events',
    baselineTitle: 'unnest upsert of a finished row',
    counts: 'both',
    open: async (folder) =>
      openPair(await startTable(folder), ['project-ours', PER_ROUND.jobs], ['project-baseline', PER_ROUND.rows]),
  },
  {
    id: 'request',
    title: 'POST /api/jobs',
    baselineTitle: 'Express route that echoes',
    counts: 'process',
    open: openRequests,
  },
];

type Work = readonly [name: SubjectName, count: number];

async function openPair(servers: RunningServers, ...[first, second]: [Work, Work]): Promise<GatePair> {
  const [ours, baseline] = await Promise.all([
    startSubject(first[0], servers, first[1]),
    startSubject(second[0], servers, second[1]),
  ]);
  return {
    ours,
    baseline,
    async stop() {
      await Promise.all([ours.stop(), baseline.stop()]);
      await servers.stop();
    },
  };
}

async function openRequests(folder: string): Promise<GatePair> {
  const [api, express] = await Promise.all([startApi(folder, 'default'), startBaselineEcho()]);
  const ours = httpSubject(api, api.processes['api'] ?? 0, PER_ROUND.requests);
  const baseline = httpSubject(express, express.processes['express'] ?? 0, PER_ROUND.requests);
  return { ours, baseline, stop: async () => void (await Promise.all([ours.stop(), baseline.stop()])) };
}
