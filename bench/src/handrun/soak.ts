import { setTimeout as pause } from 'node:timers/promises';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { lifeOfJob, startNats, startPostgres, type TestNats } from '@jobstream/test-support';
import { connect } from '@nats-io/transport-node';
import { BaselinePublisher } from '../baseline/baselinePublisher.ts';
import { appendLives } from '../growth/fillLog.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { memoryBytes } from '../measure/processTree.ts';
import { startProjector } from '../servers/startProjector.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const LINES = 20;
/** Jobs that the table may be behind before more are written: without an archive it holds up the keeper. */
const BEHIND = 2_000;
const EVENTS_PER_JOB = 3;

interface Stage {
  readonly nats: TestNats;
  readonly log: EventLog;
  readonly table: ReadModel;
  readonly publisher: BaselinePublisher;
  readonly projectorPid: number;
}

/**
 * Finished jobs go through a log that keeps them for some seconds, with the projector and its keeper beside it, while others
 * wait all the time and are carried. Garbage is collected as Go does by itself. A line for each twentieth of the jobs: what
 * the log has, how old its oldest message is, and the memory of server and projector.
 */
export const soak: HandrunBench = {
  name: 'soak',
  summary: 'The memory of nats-server, and its time to restart, while many jobs go through a log that keeps few.',
  parameters:
    '[jobs = 1000000] [age in seconds = 30, 0 keeps all] [jobs a second at most = 1000] [jobs that wait = 1000]',
  async run(args) {
    const [jobs, age, rate, waiting] = numbersOf(args, 1_000_000, 30, 1_000, 1_000);
    await inScratchFolder((folder) => measure(folder, { jobs, age, rate, waiting }));
  },
};

interface SoakSize {
  readonly jobs: number;
  /** In seconds. */
  readonly age: number;
  /** Jobs a second. */
  readonly rate: number;
  /** Jobs of a type that has no workers. */
  readonly waiting: number;
}

async function measure(folder: string, size: SoakSize): Promise<void> {
  const { age } = size;
  await using nats = await startNats({ dataDir: folder, syncAlways: false, env: { GOGC: '100' } });
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  const log = new EventLog({ url: nats.url, name: 'bench', deadlineMs: 60_000 });
  await log.start();
  const table = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
  const settings = { NATS_URL: nats.url, DATABASE_URL: postgres.url, JOBS_MAX_AGE: age === 0 ? '0' : `${age}s` };
  const connection = await connect({ servers: nats.url, noAsyncTraces: true });
  {
    await using projector = await startProjector(settings);
    const publisher = new BaselinePublisher(connection);
    await soakLog({ nats, log, table, publisher, projectorPid: projector.pid }, size);
  }
  await connection.close();
  await table.stop();
  await log.stop();
  await measureRestart(nats);
}

async function soakLog(stage: Stage, { jobs, rate, waiting }: SoakSize): Promise<void> {
  const waitingIds = await appendLives(stage.publisher, waiting, (id) => lifeOfJob(id, 'waiting').slice(0, 1));
  const begun = performance.now();
  console.log('   jobs  messages in the log  oldest in s  server in MB  projector in MB  seconds');
  let line = 1;
  for (let written = 0; written < jobs;) {
    await appendLives(stage.publisher, Math.min(rate, jobs - written));
    written = Math.min(jobs, written + rate);
    await untilTableIsNear(stage);
    await pause(Math.max(0, begun + (written / rate) * 1_000 - performance.now()));
    if (written < (jobs * line) / LINES) continue;
    line += 1;
    await printLine(written, stage, begun);
  }
  const kept = await Promise.all(waitingIds.map((id) => stage.log.readJob(id)));
  console.log(`${kept.filter((one) => one?.job.status === 'pending').length} of ${waiting} jobs wait`);
}

async function untilTableIsNear({ log, table }: Stage): Promise<void> {
  for (;;) {
    const [last, checkpoint] = [await log.lastSequence(), await table.readCheckpoint()];
    if (last - (checkpoint?.lastSequence ?? 0) <= BEHIND * EVENTS_PER_JOB) return;
    await pause(200);
  }
}

async function printLine(jobs: number, { nats, log, projectorPid }: Stage, begun: number): Promise<void> {
  const { first, last } = await log.messages.span();
  const oldest = Math.round((await log.prefix.oldestAgeMs()) / 1_000);
  const [server, projector] = [nats.pid ?? 0, projectorPid].map((pid) => Math.round(memoryBytes(pid) / 1_000_000));
  const seconds = Math.round((performance.now() - begun) / 1_000);
  const cells = [jobs, last - first + 1, oldest, server, projector, seconds];
  const widths = [7, 21, 13, 14, 17, 9];
  console.log(cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join(''));
}

async function measureRestart(nats: TestNats): Promise<void> {
  await nats.stop();
  const restarting = performance.now();
  await nats.restart();
  const megabytes = Math.round(memoryBytes(nats.pid ?? 0) / 1_000_000);
  console.log(`restart: ${Math.round(performance.now() - restarting)} ms, ${megabytes} MB after it`);
}
