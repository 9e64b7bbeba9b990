/**
 * How far the table is behind the log: `node apps/projector/bench/lag.ts [jobs a second] [seconds]`, 500 for 20 s unless told.
 * Open loop: jobs come at fixed times whatever happens, and each is measured from the time at which it should have come
 * until its completion is visible in the table, so a pause counts for all that came due in it. A job is three events,
 * appended one after the other to a log that syncs every write; the table is looked at all the time.
 */
import { randomUUIDv7 } from 'node:crypto';
import { loadavg } from 'node:os';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { guardOfThisProcess, lifeOfJob, startNats, startPostgres } from '@jobstream/testing';
import { spawnProjector } from '../testing/spawnProjector.ts';

interface Seen {
  /** When the job should have come, and when its last event was in the log; milliseconds. */
  readonly due: number;
  readonly appended: number;
  readonly sequence: number;
}

const WARM_UP_SECONDS = 3;
const [rate = 500, seconds = 20] = process.argv.slice(2).map(Number);

await using nats = await startNats();
await using postgres = await startPostgres();
await migrate(postgres.url);
const eventLog = new EventLog({ url: nats.url, name: 'bench', deadlineMs: 60_000 });
await eventLog.start();
await using projector = spawnProjector({ NATS_URL: nats.url, DATABASE_URL: postgres.url });
await projector.logged('"projecting"');

const readModel = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
const waiting: Seen[] = [];
const lags: number[] = [];
const tableLags: number[] = [];
const total = rate * (WARM_UP_SECONDS + seconds);
let seen = 0;

await Promise.all([offer(), watch()]);
report(`create -> visible as completed at ${rate} jobs/s (${3 * rate} events/s)`, lags);
report('of it from the acknowledged append on', tableLags);
await readModel.stop();
await eventLog.stop();
projector.kill('SIGTERM');
await projector.ended;
await guardOfThisProcess().stop();
process.exit();

async function offer(): Promise<void> {
  const begun = performance.now();
  for (let next = 0; next < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * rate));
    for (; next < due; next++) void live(begun + (next / rate) * 1_000);
    await pause(1);
  }
}

async function live(due: number): Promise<void> {
  let sequence = 0;
  for (const event of lifeOfJob(randomUUIDv7())) sequence = await eventLog.append(event, sequence);
  waiting.push({ due, appended: performance.now(), sequence });
}

async function watch(): Promise<void> {
  while (seen < total) {
    const position = (await readModel.readCheckpoint())?.lastSequence ?? 0;
    const now = performance.now();
    for (const one of waiting.splice(0)) {
      if (one.sequence <= position) note(one, now);
      else waiting.push(one);
    }
    await pause(1);
  }
}

function note({ due, appended }: Seen, now: number): void {
  seen += 1;
  if (seen <= rate * WARM_UP_SECONDS) return;
  lags.push(now - due);
  tableLags.push(now - appended);
}

function report(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  const figures = `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, most ${at(1)} ms`;
  console.log(`${what}: ${figures} over ${values.length} jobs; load average ${loadavg()[0]?.toFixed(1)}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
