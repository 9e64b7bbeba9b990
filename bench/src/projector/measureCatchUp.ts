import path from 'node:path';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { runCommand } from '@jobstream/servers';
import { eventually, startNats, startPostgres } from '@jobstream/test-support';
import { OtherLoad } from '../measure/otherLoad.ts';
import { ServerCpu } from '../measure/serverCpu.ts';
import { startProjector } from '../servers/startProjector.ts';
import { fillShapedLog, LOG_SHAPES, type LogShape } from './fillShapedLog.ts';

/**
 * How fast a projector process caught up from an empty table, and two references on the same log: the baseline, which keeps
 * a table of nine columns and checks nothing, and the log read and decoded alone.
 */
export interface CatchUp {
  readonly shape: LogShape;
  readonly events: number;
  readonly projectedPerSecond: number;
  readonly baselinePerSecond: number;
  readonly readPerSecond: number;
  /** How many cores processes that have no part in it kept busy meanwhile; undefined in older results. */
  readonly otherCores?: number;
}

const BASELINE = path.join(import.meta.dirname, 'baselineCatchUpMain.ts');

/** Measures each shape on a nats-server and a Postgres of its own, and prints the figures. */
export async function measureCatchUp(jobs: number, shapes = LOG_SHAPES): Promise<readonly CatchUp[]> {
  const measured: CatchUp[] = [];
  for (const shape of shapes) measured.push(await measureShape(jobs, shape));
  return measured;
}

async function measureShape(jobs: number, shape: LogShape): Promise<CatchUp> {
  await using nats = await startNats({ syncAlways: false });
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  await fillShapedLog(nats.url, jobs, shape);
  const eventLog = new EventLog({ url: nats.url, name: 'bench' });
  await eventLog.start();
  const events = await eventLog.lastSequence();
  const others = new OtherLoad([nats.pid ?? 0, postgres.pid ?? 0]);
  const rateOf = (seconds: number) => Math.round(events / seconds);
  const readPerSecond = rateOf(await secondsOf(() => readAll(eventLog, events)));
  await eventLog.stop();
  const baseline = await runCommand(process.execPath, [BASELINE, nats.url, postgres.url, String(events)]);
  await using projector = await startProjector({ NATS_URL: nats.url, DATABASE_URL: postgres.url });
  const processes = { nats: nats.pid ?? 0, postgres: postgres.pid ?? 0, projector: projector.pid };
  const cpu = new ServerCpu({ processes });
  const projectedPerSecond = rateOf(await secondsOf(() => cpu.during(() => untilProjected(postgres.url, events))));
  const otherCores = others.cores();
  const baselinePerSecond = rateOf(Number(baseline));
  const measured = { shape, events, projectedPerSecond, baselinePerSecond, readPerSecond, otherCores };
  print(measured, cpu);
  return measured;
}

function print({ shape, events, projectedPerSecond, baselinePerSecond, readPerSecond }: CatchUp, cpu: ServerCpu): void {
  const [projected, baseline, read] = [projectedPerSecond, baselinePerSecond, readPerSecond].map((rate) =>
    rate.toLocaleString('en'),
  );
  const used = Object.entries(cpu.spent).map(([name, spent]) => `${name} ${((spent / events) * 1e6).toFixed(1)} µs`);
  const peak = ((cpu.peakBytes()['projector'] ?? 0) / 2 ** 20).toFixed(0);
  console.log(
    `${shape}: ${events} events; events/s: projector ${projected}, baseline ${baseline}, reading alone ${read}; ` +
      `CPU an event: ${used.join(', ')}; peak memory of the projector ${peak} MiB`,
  );
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

async function readAll(eventLog: EventLog, end: number): Promise<void> {
  for await (const entries of eventLog.follow({ after: 0 })) if ((entries.at(-1)?.sequence ?? 0) >= end) return;
}

async function untilProjected(databaseUrl: string, end: number): Promise<void> {
  const readModel = new ReadModel({ databaseUrl, name: 'bench' });
  const reached = async () => {
    const position = (await readModel.readCheckpoint())?.lastSequence ?? 0;
    if (position < end) throw new Error(`the table is at ${position} of ${end}`);
  };
  await eventually(reached, { timeoutMs: 600_000, intervalMs: 20 });
  await readModel.stop();
}
