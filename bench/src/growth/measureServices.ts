import path from 'node:path';
import { eventually } from '@jobstream/test-support';
import { Client } from 'pg';
import { startApi } from '../http/startApi.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { inLanes } from '../measure/concurrency.ts';
import { ServerCpu } from '../measure/serverCpu.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import { serveWithTable } from '../systems/jobstream/serveWithTable.ts';
import { fillLog } from './fillLog.ts';

/** What the processes around the log cost, in µs of processor time a job. */
export interface ServicesCost {
  /** A request that creates one job. */
  readonly apiMicros: number;
  /** All three events of a job into the table. */
  readonly projectorMicros: number;
  readonly postgresMicros: number;
}

const REQUESTS = 6_000;
const LIVES = 40_000;
const WARM_UP_SHARE = 0.2;
const CONNECTIONS = 64;
const BODY = JSON.stringify({ type: 'growth', payload: { to: 'user@example.com', subject: 'Hello' } });
const COMPLETED = "SELECT count(*)::int AS jobs FROM jobs WHERE status = 'completed'";

/** With that share of the usual number of jobs. */
export async function measureServices(share: number): Promise<ServicesCost> {
  const apiMicros = await inScratchFolder((folder) => apiCost(folder, Math.ceil(REQUESTS * share)));
  const table = await inScratchFolder((folder) => tableCost(folder, Math.ceil(LIVES * share)));
  console.log(`services: ${JSON.stringify({ apiMicros, ...table })}`);
  return { apiMicros, ...table };
}

async function apiCost(folder: string, requests: number): Promise<number> {
  const servers = await startApi(path.join(folder, 'api'), 'fsync');
  try {
    await createOverHttp(servers.address, Math.ceil(requests * WARM_UP_SHARE));
    const spent = await spentIn(servers, () => createOverHttp(servers.address, requests));
    return micros(spent['api'], requests);
  } finally {
    await servers.stop();
  }
}

function createOverHttp(address: string, requests: number): Promise<void> {
  return inLanes(requests, CONNECTIONS, async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${address}/api/jobs`, { method: 'POST', headers, body: BODY });
    if (response.status !== 201) throw new Error(`a creation was answered ${response.status}`);
    await response.text();
  });
}

/** The projector follows while whole lives of jobs are written. */
async function tableCost(folder: string, lives: number): Promise<Omit<ServicesCost, 'apiMicros'>> {
  const servers = await serveWithTable(path.join(folder, 'table'), 'default');
  const [nats = '', database] = servers.address.split(' ');
  const table = new Client({ connectionString: database });
  await table.connect();
  const warmUp = Math.ceil(lives * WARM_UP_SHARE);
  const project = async (jobs: number, total: number) => {
    await fillLog(nats, jobs);
    await eventually(() => hasCompleted(table, total), { timeoutMs: 120_000, intervalMs: 250 });
  };
  try {
    await project(warmUp, warmUp);
    const spent = await spentIn(servers, () => project(lives, warmUp + lives));
    return { projectorMicros: micros(spent['projector'], lives), postgresMicros: micros(spent['postgres'], lives) };
  } finally {
    await table.end();
    await servers.stop();
  }
}

async function hasCompleted(table: Client, wanted: number): Promise<void> {
  const { rows } = await table.query<{ jobs: number }>(COMPLETED);
  if (rows[0]?.jobs !== wanted) throw new Error(`${rows[0]?.jobs} of ${wanted} jobs are in the table`);
}

async function spentIn(servers: RunningServers, work: () => Promise<void>) {
  const cpu = new ServerCpu(servers);
  await cpu.during(work);
  return cpu.spent;
}

function micros(seconds: number | undefined, jobs: number): number {
  return ((seconds ?? Number.NaN) * 1_000_000) / jobs;
}
