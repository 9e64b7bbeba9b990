import { startApi } from '../http/startApi.ts';
import { startBareEcho } from '../http/startBareExpress.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import { startNats } from '../servers/startNats.ts';
import { startPostgresWith } from '../servers/startPostgresWith.ts';
import type { GateCheck, GatePair } from './gateCheck.ts';
import { httpSubject } from './httpSubject.ts';
import { startSubject } from './subjectProcess.ts';
import type { SubjectName } from './subjects/loadSubject.ts';

/** Operations a round: about a tenth of a second of processor time. The bare upsert costs so little that it needs more. */
const [APPENDS, ATTEMPTS, JOBS, ROWS, REQUESTS] = [10_000, 2_000, 4_998, 9_996, 2_000];

/** Nothing is synced: processor time is asked for, and a disk would only add its own moods. */
const startLog = (folder: string) => startNats(folder, 'default');

/** Autovacuum would clear up after one round in the midst of another. */
const startTable = (folder: string) => startPostgresWith(folder, { autovacuum: 'off' });

export const GATE_CHECKS: readonly GateCheck[] = [
  {
    id: 'append',
    title: 'append of a new job',
    bareTitle: 'pipelined publish with expectation',
    counts: 'process',
    open: async (folder) => openPair(await startLog(folder), ['append-ours', APPENDS], ['append-bare', APPENDS]),
  },
  {
    id: 'attempt',
    title: 'attempt of a job',
    bareTitle: 'consume, two publishes, acknowledge',
    counts: 'process',
    open: async (folder) => openPair(await startLog(folder), ['attempt-ours', ATTEMPTS], ['attempt-bare', ATTEMPTS]),
  },
  {
    id: 'project',
    title: 'projection of a job, three events',
    bareTitle: 'unnest upsert of a finished row',
    counts: 'both',
    open: async (folder) => openPair(await startTable(folder), ['project-ours', JOBS], ['project-bare', ROWS]),
  },
  {
    id: 'request',
    title: 'POST /api/jobs',
    bareTitle: 'Express route that echoes',
    counts: 'process',
    open: openRequests,
  },
];

type Work = readonly [name: SubjectName, count: number];

async function openPair(servers: RunningServers, ...[first, second]: [Work, Work]): Promise<GatePair> {
  const [ours, bare] = await Promise.all([
    startSubject(first[0], servers, first[1]),
    startSubject(second[0], servers, second[1]),
  ]);
  return {
    ours,
    bare,
    async stop() {
      await Promise.all([ours.stop(), bare.stop()]);
      await servers.stop();
    },
  };
}

async function openRequests(folder: string): Promise<GatePair> {
  const [api, express] = await Promise.all([startApi(folder, 'default'), startBareEcho()]);
  const ours = httpSubject(api, api.processes['api'] ?? 0, REQUESTS);
  const bare = httpSubject(express, express.processes['express'] ?? 0, REQUESTS);
  return { ours, bare, stop: async () => void (await Promise.all([ours.stop(), bare.stop()])) };
}
