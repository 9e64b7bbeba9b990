/**
 * How fast a projector process catches up from an empty table: `node apps/projector/bench/catchUp.ts [jobs] [shapes]`,
 * 100,000 jobs (three events each) in both shapes unless told. Starts a nats-server and a Postgres of its own. Beside it,
 * in the same run, what it is made of: reading and decoding the same log alone, and the least that keeps a table of jobs.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { guardOfThisProcess, startNats, startPostgres } from '@jobstream/testing';
import { spawnProjector } from '../testing/spawnProjector.ts';
import { fillLog } from './fillLog.ts';
import type { LogShape } from './fillLog.ts';
import { processUsage } from './processUsage.ts';

const BARE_PARTS = path.join(import.meta.dirname, '../../../bench/src/projector/bareCatchUpMain.ts');
const jobs = Number(process.argv[2] ?? 100_000);
const shapes = (process.argv[3] ?? 'concurrent,backlog').split(',') as LogShape[];

for (const shape of shapes) await measure(shape);
await guardOfThisProcess().stop();
process.exit();

async function measure(shape: LogShape): Promise<void> {
  await using nats = await startNats({ syncAlways: false });
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  await fillLog(nats.url, jobs, shape);
  const eventLog = new EventLog({ url: nats.url, name: 'bench' });
  await eventLog.start();
  const end = await eventLog.lastSequence();
  await report(`${shape}, reading alone`, end, () => readAll(eventLog, end));
  const bare = await promisify(execFile)(process.execPath, [BARE_PARTS, nats.url, postgres.url, String(end)]);
  tell(`${shape}, bare parts`, end, Number(bare.stdout));
  const pids = { nats: nats.pid ?? 0, postgres: postgres.pid ?? 0 };
  const started = performance.now();
  await using projector = spawnProjector({ NATS_URL: nats.url, DATABASE_URL: postgres.url, ...extraEnv() });
  await projector.logged('"projecting"');
  const before = await usageOf({ ...pids, projector: projector.pid });
  const startMs = performance.now() - started;
  await report(`${shape}, projector`, end, () => untilProjected(postgres.url, end));
  const after = await usageOf({ ...pids, projector: projector.pid });
  const used = Object.keys(after).map((name) => {
    const cpu = (after[name]?.cpuSeconds ?? 0) - (before[name]?.cpuSeconds ?? 0);
    return `${name} ${((cpu / end) * 1e6).toFixed(1)} µs`;
  });
  say(
    `  CPU an event: ${used.join(', ')}; peak memory of the projector ${after['projector']?.peakMegabytes.toFixed(0)} MB`,
  );
  say(`  (the process was ready after ${startMs.toFixed(0)} ms, which do not count)`);
  projector.kill('SIGTERM');
  await projector.ended;
  await eventLog.stop();
}

function extraEnv(): Record<string, string> {
  const options = process.env['NODE_OPTIONS'];
  return options === undefined ? {} : { NODE_OPTIONS: options };
}

async function report(what: string, events: number, work: () => Promise<void>): Promise<void> {
  const started = performance.now();
  await work();
  tell(what, events, (performance.now() - started) / 1_000);
}

function tell(what: string, events: number, seconds: number): void {
  const rate = Math.round(events / seconds).toLocaleString('en');
  say(`${what}: ${events.toLocaleString('en')} events in ${seconds.toFixed(2)} s, ${rate} events/s`);
}

async function readAll(eventLog: EventLog, end: number): Promise<void> {
  for await (const entries of eventLog.follow({ after: 0 })) if ((entries.at(-1)?.sequence ?? 0) >= end) return;
}

async function untilProjected(databaseUrl: string, end: number): Promise<void> {
  const readModel = new ReadModel({ databaseUrl, name: 'bench' });
  while (((await readModel.readCheckpoint())?.lastSequence ?? 0) < end) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  await readModel.stop();
}

async function usageOf(pids: Readonly<Record<string, number>>) {
  const entries = Object.entries(pids).map(async ([name, pid]) => [name, await processUsage(pid)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function say(line: string): void {
  console.log(line);
}
