import { inScratchFolder } from '../inScratchFolder.ts';
import { type ClientProcess, startClient } from '../client/clientProcess.ts';
import type { Outcome } from '../client/command.ts';
import { diskBytes } from '../measure/diskBytes.ts';
import { keptBytes } from '../measure/keptBytes.ts';
import { loopbackBytes } from '../measure/loopbackBytes.ts';
import { ServerCpu } from '../measure/serverCpu.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import type { ClientRole } from '../systems/jobSystem.ts';
import { loadSystem } from '../systems/loadSystem.ts';

/** What some jobs of one system cost, from the creation of the first to the end of the last, and until whatever follows has them all. */
export interface CostRun {
  readonly systemId: string;
  readonly name: string;
  readonly jobs: number;
  /** Seconds of processor time, by process. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** What was written to the disk; a page that is written several times counts each time. */
  readonly writtenBytes: number;
  /** How much larger the files are afterwards. */
  readonly keptBytes: number;
  /** What all processes sent to each other. */
  readonly sentBytes: number;
  /** The most memory that each process has had, from its start on. */
  readonly peakBytes: Readonly<Record<string, number>>;
  readonly otherCores: number;
}

/** Jobs a second. All systems keep up with it, so that none works on a backlog that its database has not yet come to know. */
export const RATE = 500;
const CONCURRENCY = 100;
/** So that tables, streams and queues are there, and the servers have begun to work. */
const WARM_UP_JOBS = 2_000;

/** Jobs that are created one by one at a rate, and worked on at once, with fresh servers that sync every write. */
export function costRun(systemId: string, jobs: number): Promise<CostRun> {
  return inScratchFolder(async (folder) => {
    const system = await loadSystem(systemId);
    const servers = await system.serve(folder, 'fsync');
    try {
      await createAndWork(systemId, servers, WARM_UP_JOBS);
      const before = {
        written: await diskBytes(folder),
        kept: await keptBytes(folder),
        sent: loopbackBytes(),
      };
      const cpu = new ServerCpu(servers);
      const { producer, worker } = await cpu.during(() => createAndWork(systemId, servers, jobs));
      const sentBytes = loopbackBytes() - before.sent;
      const written = await diskBytes(folder);
      return {
        systemId,
        name: system.name,
        jobs,
        cpuSeconds: { ...cpu.spent, worker: worker.cpuSeconds, producer: producer.cpuSeconds },
        writtenBytes: written - before.written,
        keptBytes: (await keptBytes(folder)) - before.kept,
        sentBytes,
        peakBytes: { ...cpu.peakBytes(), worker: worker.peakBytes, producer: producer.peakBytes },
        otherCores: cpu.otherCores,
      };
    } finally {
      await servers.stop();
    }
  });
}

async function createAndWork(
  systemId: string,
  servers: RunningServers,
  jobs: number,
): Promise<Record<ClientRole, Outcome>> {
  const { address } = servers;
  const clients: ClientProcess[] = [];
  const client = async (role: ClientRole) => {
    const started = await startClient(systemId, { address, role, durability: 'fsync' });
    clients.push(started);
    return started;
  };
  try {
    const windows = { warmUp: 0, jobsPerWindow: jobs };
    const [created, worked] = [await client('producer'), await client('worker')];
    const [producer, worker] = await Promise.all([
      created.ask({ do: 'offer', rate: RATE, count: jobs, windows, sampleEvery: 0 }),
      worked.ask({ do: 'work', concurrency: CONCURRENCY, expected: jobs }),
    ]);
    await servers.caughtUp?.();
    return { producer, worker };
  } finally {
    await Promise.all(clients.map((started) => started.close()));
  }
}
