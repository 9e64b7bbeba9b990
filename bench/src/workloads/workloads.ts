import type { ClientProcess } from '../client/clientProcess.ts';
import type { Outcome } from '../client/command.ts';
import type { Durability } from '../servers/runningServers.ts';
import type { ClientRole } from '../systems/jobSystem.ts';

export interface Sizes {
  readonly bulk: number;
  readonly single: number;
  readonly drain: number;
  /** Enqueued one by one and drained at once. */
  readonly both: number;
  readonly rates: readonly number[];
  /** Latency is told for each of some windows. */
  readonly windows: number;
  readonly secondsPerWindow: number;
  /** How many finished jobs there are before latency is measured again. */
  readonly behind: readonly number[];
}

export const FULL: Sizes = {
  bulk: 100_000,
  single: 20_000,
  drain: 100_000,
  both: 40_000,
  rates: [100, 500, 2_000, 5_000],
  windows: 5,
  secondsPerWindow: 20,
  behind: [10_000, 100_000, 1_000_000],
};
export const QUICK: Sizes = {
  bulk: 30_000,
  single: 5_000,
  drain: 30_000,
  both: 30_000,
  rates: [500],
  windows: 2,
  secondsPerWindow: 4,
  behind: [],
};

const CHUNK = 1_000;
const CHUNKS_IN_FLIGHT = 4;
const CONCURRENCY = 100;
/** Before latency counts, so that no process is measured while it starts and is compiled. */
const WARM_UP_SECONDS = 2;
/** With table, every twentieth job is looked for. */
const SAMPLE_EVERY = 20;
/** At other rates latency is measured with fsync alone. */
const USUAL_RATE = 500;
const IDLE_SECONDS = 5;
const WITHOUT_TABLE = ['jobstream', 'baseline', 'bullmq', 'pg-boss', 'graphile-worker'];
const ALL_BUT_START = [...WITHOUT_TABLE, 'jobstream-table', 'baseline-table'];
/** Those that keep finished jobs. */
const KEEPING = ['jobstream', 'baseline', 'bullmq', 'pg-boss'];

export function workloads(sizes: Sizes): readonly Workload[] {
  return [
    bulkEnqueue(sizes.bulk),
    singleEnqueue(Math.ceil(sizes.single / 10), 1),
    singleEnqueue(sizes.single, 100),
    drain(sizes.drain),
    enqueueAndDrain(sizes.both),
    ...sizes.rates.map((rate) => latency(rate, sizes)),
    ...sizes.behind.map((finished) => latencyBehind(finished, sizes)),
  ];
}

function bulkEnqueue(count: number): Workload {
  return {
    id: 'bulk-enqueue',
    title: `Bulk enqueue: ${count} jobs by ${CHUNK}`,
    systems: WITHOUT_TABLE,
    async run(stage, measured) {
      const producer = await stage.client('producer');
      const outcome = await measured(() =>
        producer.ask({ do: 'enqueueMany', count, chunk: CHUNK, inFlight: CHUNKS_IN_FLIGHT }),
      );
      return { jobs: count, seconds: outcome.seconds, clients: { producer: outcome } };
    },
  };
}

function singleEnqueue(count: number, inFlight: number): Workload {
  return {
    id: `enqueue-${inFlight}`,
    title: `Single enqueue from one client, ${inFlight} in flight`,
    systems: WITHOUT_TABLE,
    async run(stage, measured) {
      const producer = await stage.client('producer');
      const outcome = await measured(() => producer.ask({ do: 'enqueueEach', count, inFlight }));
      return { jobs: count, seconds: outcome.seconds, clients: { producer: outcome } };
    },
  };
}

function drain(count: number): Workload {
  return {
    id: 'drain',
    title: `Drain ${count} jobs that do nothing, one worker process, concurrency ${CONCURRENCY}`,
    async run(stage, measured) {
      const producer = await stage.client('producer');
      await producer.ask({ do: 'enqueueMany', count, chunk: CHUNK, inFlight: CHUNKS_IN_FLIGHT });
      await producer.close();
      await stage.caughtUp();
      const idleCores = await stage.idleCores(IDLE_SECONDS);
      const worker = await stage.client('worker');
      const began = performance.now();
      const outcome = await measured(async () => {
        const worked = await worker.ask({ do: 'work', concurrency: CONCURRENCY, expected: count });
        await stage.caughtUp();
        return worked;
      });
      const idle = { idleCores, measuredSeconds: (performance.now() - began) / 1_000 };
      return { jobs: count, seconds: outcome.seconds, clients: { worker: outcome }, idle };
    },
  };
}

function enqueueAndDrain(count: number): Workload {
  return {
    id: 'enqueue-and-drain',
    title: `Enqueue by one, 100 in flight, and drain at once: ${count} jobs`,
    systems: WITHOUT_TABLE,
    async run(stage, measured) {
      const [producer, worker] = [await stage.client('producer'), await stage.client('worker')];
      const [enqueued, worked] = await measured(() =>
        Promise.all([
          producer.ask({ do: 'enqueueEach', count, inFlight: 100 }),
          worker.ask({ do: 'work', concurrency: CONCURRENCY, expected: count }),
        ]),
      );
      return { jobs: count, seconds: worked.seconds, clients: { producer: enqueued, worker: worked } };
    },
  };
}

/** Other rates than the usual one are measured in one round: its windows tell how far a figure moves. */
function latency(rate: number, { windows, secondsPerWindow }: Sizes): Workload {
  return {
    id: `latency-${rate}`,
    title: `Latency at ${rate} jobs/s in ${windows} windows of ${secondsPerWindow} s`,
    systems: ALL_BUT_START,
    ...(rate === USUAL_RATE ? {} : { durabilities: ['fsync'], mostRounds: 1 }),
    async run(stage, measured) {
      const [producer, worker] = [await stage.client('producer'), await stage.client('worker')];
      const places = { warmUp: rate * WARM_UP_SECONDS, jobsPerWindow: rate * secondsPerWindow };
      const count = places.warmUp + places.jobsPerWindow * windows;
      const sampleEvery = stage.showsCompletion ? SAMPLE_EVERY : 0;
      const [offered, worked] = await measured(() =>
        Promise.all([
          producer.ask({ do: 'offer', rate, count, windows: places, sampleEvery }),
          worker.ask({ do: 'work', concurrency: CONCURRENCY, expected: count, windows: places }),
        ]),
      );
      return { jobs: count, seconds: worked.seconds, clients: { producer: offered, worker: worked } };
    },
  };
}

/** It takes minutes to finish a million jobs first, so all windows are behind one fill. */
function latencyBehind(finished: number, sizes: Sizes): Workload {
  const usual = latency(USUAL_RATE, sizes);
  return {
    id: `latency-${USUAL_RATE}-behind-${finished}`,
    title: `${usual.title}, behind ${finished} finished jobs`,
    systems: KEEPING,
    durabilities: ['fsync'],
    mostRounds: 1,
    async run(stage, measured) {
      const [producer, worker] = [await stage.client('producer'), await stage.client('worker')];
      await Promise.all([
        producer.ask({ do: 'enqueueMany', count: finished, chunk: CHUNK, inFlight: CHUNKS_IN_FLIGHT }),
        worker.ask({ do: 'work', concurrency: CONCURRENCY, expected: finished }),
      ]);
      await Promise.all([producer.close(), worker.close()]);
      return usual.run(stage, measured);
    },
  };
}

/** What a workload may use: fresh servers of one system, and client processes on them. */
interface WorkloadStage {
  client(role: ClientRole): Promise<ClientProcess>;
  /** Resolves when everything that follows the log has what is in it. */
  caughtUp(): Promise<void>;
  /** Returns how many cores the servers keep busy during some seconds in which nothing is asked of them. */
  idleCores(seconds: number): Promise<number>;
  /** Whether readers can see jobs completed. */
  readonly showsCompletion: boolean;
}

/** The figures of one run of a workload. */
export interface WorkloadFigures {
  readonly jobs: number;
  readonly seconds: number;
  /** What each client did; the last is the one that the time is taken from. */
  readonly clients: Readonly<Record<string, Outcome>>;
  /** What the servers use while nothing is asked of them, and for how long they were measured; undefined where it was not. */
  readonly idle?: { readonly idleCores: number; readonly measuredSeconds: number };
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** Which systems take part; default all. */
  readonly systems?: readonly string[];
  /** In which modes; default all. */
  readonly durabilities?: readonly Durability[];
  /** How often at the most. */
  readonly mostRounds?: number;
  /** What must be there before the measurement begins, e.g. jobs to drain. */
  run(stage: WorkloadStage, measured: <T>(work: () => Promise<T>) => Promise<T>): Promise<WorkloadFigures>;
}
