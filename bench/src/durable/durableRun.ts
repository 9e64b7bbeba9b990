import { inScratchFolder } from '../inScratchFolder.ts';
import { ServerCpu } from '../measure/serverCpu.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import type { DurableCommand } from './durableCommand.ts';
import { type DurableProcess, startDurableProcess } from './durableProcess.ts';
import { loadDurable } from './loadDurable.ts';

export interface DurableSizes {
  /** Jobs of three steps. */
  readonly jobs: number;
  /** Signals sent one after the other. */
  readonly roundTrips: number;
  /** How often as many jobs as run at once are signalled together. */
  readonly bursts: number;
  /** Jobs that run at once in the worker, and that are enqueued at once. */
  readonly concurrency: number;
}

/** Some work of all processes of a system. */
export interface Work {
  readonly jobs: number;
  readonly seconds: number;
  readonly writes: number;
  /** Seconds of processor time, by process. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
}

export interface DurableRun {
  readonly systemId: string;
  readonly drain: Work;
  /** Milliseconds. */
  readonly roundTrips: readonly number[];
  /** All bursts together: what came before each, until its jobs waited, is not in it. */
  readonly bursts: Work;
  /** The highest of its parts, in cores. */
  readonly otherCores: number;
}

const [WARM_UP_JOBS, WARM_UP_SIGNALS] = [300, 20];

/** Everything on one system with fresh servers and processes. */
export function durableRun(systemId: string, sizes: DurableSizes): Promise<DurableRun> {
  return inScratchFolder(async (folder) => {
    const system = await loadDurable(systemId);
    await using stack = new AsyncDisposableStack();
    const servers = await system.serve(folder);
    stack.defer(() => servers.stop());
    const { address } = servers;
    const start = async (role: 'worker' | 'client') => {
      const started = await startDurableProcess({ systemId, role, address, concurrency: sizes.concurrency });
      stack.defer(() => started.close());
      return started;
    };
    // The client first: it makes the streams that a worker looks for.
    const [client, worker] = [await start('client'), await start('worker')];
    const measured = new Measured(servers, { worker, client });
    return { systemId, ...(await measureAll(client, measured, sizes)), otherCores: measured.otherCores };
  });
}

async function measureAll(client: DurableProcess, measured: Measured, sizes: DurableSizes) {
  const { jobs, roundTrips, bursts, concurrency } = sizes;
  await client.ask({ do: 'drain', jobs: WARM_UP_JOBS, inFlight: concurrency });
  await client.ask({ do: 'roundTrips', jobs: WARM_UP_SIGNALS });
  const drain = await measured.work({ do: 'drain', jobs, inFlight: concurrency }, jobs);
  const single = await measured.ask({ do: 'roundTrips', jobs: roundTrips });
  const works: Work[] = [];
  for (let burst = 0; burst < bursts; burst += 1) {
    await client.ask({ do: 'wait', jobs: concurrency });
    works.push(await measured.work({ do: 'signalAll' }, concurrency));
  }
  return { drain, roundTrips: single.roundTrips, bursts: sumOf(works) };
}

/** Asks the client, and measures all processes of the system meanwhile. */
class Measured {
  readonly #client: DurableProcess;
  readonly #servers: RunningServers;
  readonly #cpu: ServerCpu;
  otherCores = 0;

  constructor(servers: RunningServers, { worker, client }: Record<'worker' | 'client', DurableProcess>) {
    this.#client = client;
    this.#servers = servers;
    this.#cpu = new ServerCpu({ processes: { ...servers.processes, worker: worker.pid, client: client.pid } });
  }

  /** The processor time includes what follows the log, such as a table, until it is there; the seconds do not. */
  async work(command: DurableCommand, jobs: number): Promise<Work> {
    const { seconds, writes } = await this.ask(command);
    return { jobs, seconds, writes, cpuSeconds: this.#cpu.spent };
  }

  async ask(command: DurableCommand) {
    const outcome = await this.#cpu.during(async () => {
      const answer = await this.#client.ask(command);
      await this.#servers.caughtUp?.();
      return answer;
    });
    // Of an instant, ticks of 10 ms say nothing.
    if (command.do !== 'signalAll') this.otherCores = Math.max(this.otherCores, this.#cpu.otherCores);
    return outcome;
  }
}

function sumOf(works: readonly Work[]): Work {
  const add = (of: (work: Work) => number) => works.reduce((sum, work) => sum + of(work), 0);
  const names = Object.keys(works[0]?.cpuSeconds ?? {});
  return {
    jobs: add(({ jobs }) => jobs),
    seconds: add(({ seconds }) => seconds),
    writes: add(({ writes }) => writes),
    cpuSeconds: Object.fromEntries(names.map((name) => [name, add(({ cpuSeconds }) => cpuSeconds[name] ?? 0)])),
  };
}
