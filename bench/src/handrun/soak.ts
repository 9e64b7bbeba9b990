import { setTimeout as pause } from 'node:timers/promises';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { startNats, startPostgres, type TestNats } from '@jobstream/testing';
import { fillLog } from '../growth/fillLog.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { memoryBytes } from '../measure/processTree.ts';
import { startProjector } from '../servers/startProjector.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const SLICES = 20;
/** Jobs that the table may be behind before the next slice is written: without an archive it holds up the keeper. */
const BEHIND = 2_000;
const EVENTS_PER_JOB = 3;

interface Stage {
  readonly nats: TestNats;
  readonly log: EventLog;
  readonly table: ReadModel;
}

/**
 * Finished jobs go through a log that keeps them for some seconds, with the projector and its keeper beside it. Garbage is
 * collected as Go does by itself. A line for each twentieth of the jobs: what the log has, and the memory of the server.
 */
export const soak: HandrunBench = {
  name: 'soak',
  summary: 'The memory of nats-server, and its time to restart, while many jobs go through a log that keeps few.',
  parameters: '[jobs = 1000000] [age in seconds = 30, 0 keeps all] [jobs a second = 1000]',
  async run(args) {
    const [jobs, age, rate] = numbersOf(args, 1_000_000, 30, 1_000);
    await inScratchFolder((folder) => measure(folder, { jobs, age, rate }));
  },
};

interface SoakSize {
  readonly jobs: number;
  /** In seconds. */
  readonly age: number;
  /** Jobs a second. */
  readonly rate: number;
}

async function measure(folder: string, { jobs, age, rate }: SoakSize): Promise<void> {
  await using nats = await startNats({ dataDir: folder, syncAlways: false, env: { GOGC: '100' } });
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  const log = new EventLog({ url: nats.url, name: 'bench', deadlineMs: 60_000 });
  await log.start();
  const table = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
  const settings = { NATS_URL: nats.url, DATABASE_URL: postgres.url, JOBS_MAX_AGE: age === 0 ? '0' : `${age}s` };
  await using _projector = await startProjector(settings);
  const stage = { nats, log, table };
  const begun = performance.now();
  console.log('   jobs  in the log  memory of the server  seconds');
  for (let slice = 1; slice <= SLICES; slice++) {
    await fillLog(nats.url, jobs / SLICES);
    await untilTableIsNear(stage);
    const due = begun + ((jobs * slice) / SLICES / rate) * 1_000;
    await pause(Math.max(0, due - performance.now()));
    await printLine((jobs * slice) / SLICES, stage, begun);
  }
  await table.stop();
  await log.stop();
  await nats.stop();
  const restarting = performance.now();
  await nats.restart();
  const restartedMegabytes = Math.round(memoryBytes(nats.pid ?? 0) / 1_000_000);
  console.log(`restart: ${Math.round(performance.now() - restarting)} ms, ${restartedMegabytes} MB after it`);
}

async function untilTableIsNear({ log, table }: Stage): Promise<void> {
  for (;;) {
    const [last, checkpoint] = [await log.lastSequence(), await table.readCheckpoint()];
    if (last - (checkpoint?.lastSequence ?? 0) <= BEHIND * EVENTS_PER_JOB) return;
    await pause(200);
  }
}

async function printLine(jobs: number, { nats, log }: Stage, begun: number): Promise<void> {
  const { first, last } = await log.messages.span();
  const inLog = Math.round((last - first + 1) / EVENTS_PER_JOB);
  const megabytes = Math.round(memoryBytes(nats.pid ?? 0) / 1_000_000);
  const seconds = Math.round((performance.now() - begun) / 1_000);
  console.log(
    `${String(jobs).padStart(7)}  ${String(inLog).padStart(10)}  ${String(megabytes).padStart(17)} MB  ${seconds}`,
  );
}
