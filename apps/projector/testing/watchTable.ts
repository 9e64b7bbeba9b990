import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadModel } from '@jobstream/readmodel';

/** Reads as an API does, all the time, and notes what must never be: a failure, or a table that is older than before. */
export interface TableWatch extends AsyncDisposable {
  readonly faults: readonly string[];
  readonly reads: number;
  stop(): Promise<void>;
}

/**
 * On a busy machine a connection may take longer than an API waits for it. That says nothing of the tables: a lock that keeps
 * them from being read also fails reads that have a connection.
 */
const SLOW_CONNECTION = /timeout exceeded when trying to connect|terminated due to connection timeout/;

type Read = (state: WatchState) => Promise<void>;

interface WatchState {
  readonly readModel: ReadModel;
  readonly faults: string[];
  readonly versions: Map<string, number>;
  counted: number;
  completed: number;
  position: number;
}

export function watchTable(readModel: ReadModel): TableWatch {
  const state: WatchState = { readModel, faults: [], versions: new Map(), counted: 0, completed: 0, position: 0 };
  const control = { stopped: false, reads: 0 };
  const repeat = async (read: Read) => {
    while (!control.stopped) {
      await read(state).catch((error: unknown) => {
        if (!SLOW_CONNECTION.test(String(error))) state.faults.push(String(error));
      });
      control.reads += 1;
      await nextTurn(); // a read that fails at once must not keep the rest of the process from running
    }
  };
  const stop = async () => {
    control.stopped = true;
    await watching;
  };
  const watching = Promise.all([readPage, readCounts, readPosition, readOne, readNumber].map(repeat));
  return {
    faults: state.faults,
    get reads() {
      return control.reads;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function readPage({ readModel, faults, versions }: WatchState): Promise<void> {
  const before = new Map(versions);
  const { items } = await readModel.listJobs({ limit: 200 });
  for (const { id, version } of items) {
    if (version < (before.get(id) ?? 0)) faults.push(`job ${id} went back to version ${version} in the list`);
    if (version > (versions.get(id) ?? 0)) versions.set(id, version);
  }
}

async function readOne({ readModel, faults, versions }: WatchState): Promise<void> {
  const [id, version] = [...versions].at(-1) ?? [];
  if (id === undefined || version === undefined) return readModel.ping();
  const found = await readModel.findJob(id);
  if (found === undefined || found.job.version < version) faults.push(`job ${id} went back before version ${version}`);
}

async function readCounts(state: WatchState): Promise<void> {
  const counts = await state.readModel.countJobs();
  const completed = counts.find(({ status }) => status === 'completed')?.count ?? 0;
  const counted = counts.reduce((sum, { count }) => sum + count, 0);
  if (completed < state.completed) state.faults.push(`completed jobs fell from ${state.completed} to ${completed}`);
  if (counted < state.counted) state.faults.push(`counted jobs fell from ${state.counted} to ${counted}`);
  [state.completed, state.counted] = [completed, counted];
}

async function readNumber({ readModel, faults, versions }: WatchState): Promise<void> {
  const atLeast = versions.size;
  const number = await readModel.countMatchingJobs({}, 1_000_000);
  if (number < atLeast) faults.push(`the table has ${number} jobs, but ${atLeast} were seen`);
}

async function readPosition(state: WatchState): Promise<void> {
  const position = (await state.readModel.readCheckpoint())?.lastSequence ?? 0;
  if (position < state.position) state.faults.push(`the checkpoint fell from ${state.position} to ${position}`);
  state.position = position;
}
