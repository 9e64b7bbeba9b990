import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { EmbeddedNats, freePort, resolveNatsServer } from '@jobstream/servers';
import { guardOfThisProcess } from '@jobstream/test-support';
import { httpSubject } from '../gate/httpSubject.ts';
import { startSubject } from '../gate/subjectProcess.ts';
import { startApi } from '../http/startApi.ts';
import { startPostgres } from '../servers/startPostgres.ts';
import { type Share, stepsOfProfile, stepsOfServer } from './attributeToSteps.ts';
import { profiled, serverProfiles } from './profiled.ts';
import { API_RULES, PROJECTOR_RULES, SERVER_RULES, WORKER_RULES } from './stepRules.ts';

/** Where the processor time of one operation goes in one process. */
export interface PartProfile {
  readonly id: string;
  readonly title: string;
  /** Of a round without a profiler. */
  readonly micros: number;
  /** None where nothing tells them. */
  readonly steps: readonly Share[];
}

const [REQUESTS, JOBS, ROWS] = [20_000, 30_000, 30_000];

/** The API under single creations. */
export async function profileApi(folder: string): Promise<PartProfile[]> {
  const servers = await startApi(folder, 'fsync');
  const pid = servers.processes['api'] ?? 0;
  const requests = httpSubject(servers, pid, REQUESTS);
  try {
    await requests.round();
    const { process: micros } = await requests.round();
    const profile = await profiled(pid, folder, () => requests.round());
    return [{ id: 'api', title: 'API, a request', micros, steps: stepsOfProfile(profile, API_RULES) }];
  } finally {
    await requests.stop();
  }
}

/** A worker that drains jobs, and its nats-server, which syncs always; its steps need Go. */
export async function profileWorker(folder: string, hasGo: boolean): Promise<PartProfile[]> {
  const profilePort = await freePort();
  const server = new EmbeddedNats({
    binary: await resolveNatsServer(),
    dataDir: path.join(folder, 'nats'),
    stagedInMemory: [JOBS_STREAM],
    extraConfig: `prof_port: ${profilePort}`,
    guard: guardOfThisProcess(),
  });
  await server.start();
  const servers = { address: server.url, processes: { nats: server.pid ?? 0 }, stop: () => server.stop() };
  const subject = await startSubject('attempt-ours', servers, JOBS);
  try {
    await subject.round();
    const { process: own, server: nats } = await subject.round();
    const steps: { worker: readonly Share[]; nats: readonly Share[] } = { worker: [], nats: [] };
    const during = async (work: () => Promise<number>): Promise<number> => {
      let whileRunning: Promise<string[]> | undefined;
      const { result, profile } = await withProfile(subject.pid, folder, () => {
        const running = work();
        if (hasGo) whileRunning = serverProfiles(profilePort, folder, running);
        return running;
      });
      steps.worker = stepsOfProfile(profile, WORKER_RULES);
      steps.nats = await stepsOfServer((await whileRunning) ?? [], SERVER_RULES);
      return result;
    };
    await subject.round(during);
    return [
      { id: 'worker', title: 'worker, an attempt', micros: own, steps: steps.worker },
      { id: 'nats', title: 'nats-server, an attempt', micros: nats, steps: steps.nats },
    ];
  } finally {
    await subject.stop();
    await servers.stop();
  }
}

/** The projection: what a projector does between the log and Postgres. */
export async function profileProjection(folder: string): Promise<PartProfile[]> {
  const servers = await startPostgres(folder);
  const subject = await startSubject('project-ours', servers, ROWS);
  try {
    await subject.round();
    const { process: own, server: postgres } = await subject.round();
    let steps: readonly Share[] = [];
    await subject.round(async (work) => {
      const { result, profile } = await withProfile(subject.pid, folder, work);
      steps = stepsOfProfile(profile, PROJECTOR_RULES);
      return result;
    });
    return [
      { id: 'projection', title: 'projection, a job of three events', micros: own, steps },
      { id: 'postgres', title: 'Postgres, a job of three events', micros: postgres, steps: [] },
    ];
  } finally {
    await subject.stop();
    await servers.stop();
  }
}

async function withProfile<T>(pid: number, folder: string, work: () => Promise<T>) {
  let result: T | undefined;
  const profile = await profiled(pid, folder, async () => (result = await work()));
  return { result: result as T, profile };
}
