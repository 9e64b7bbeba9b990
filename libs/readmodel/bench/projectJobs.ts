/**
 * How fast the projection writes: `node libs/readmodel/bench/projectJobs.ts [jobs] [eventsPerBatch]`, with DATABASE_URL
 * naming an empty database. Three shapes of traffic: jobs that begin and end inside a batch, jobs whose events arrive
 * in three later batches while the projection remembers them, and the same after it has forgotten them.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { JobProjection, migrate } from '@jobstream/readmodel';
import type { ProjectableEntry } from '@jobstream/readmodel';
import { lifeOfJob } from '@jobstream/testing';

const [jobs = 100_000, eventsPerBatch = 5_000] = process.argv.slice(2).map(Number);
const databaseUrl = process.env['DATABASE_URL'] ?? '';
let sequence = 0;

await migrate(databaseUrl);
await report('inside a batch', batchesInside(), { forget: false });
await report('over three batches', batchesAcross(), { forget: false });
await report('over three batches, forgotten', batchesAcross(), { forget: true });

async function report(shape: string, batches: Iterable<readonly JobEvent[]>, { forget }: { forget: boolean }) {
  let projection = await open();
  let [events, ms] = [0, 0];
  const cpu = process.cpuUsage();
  const used = { micros: 0 };
  for (const batch of batches) {
    const entries = batch.map(entryOf);
    const [started, before] = [performance.now(), process.cpuUsage(cpu)];
    await projection.apply(entries);
    ms += performance.now() - started;
    const after = process.cpuUsage(cpu);
    used.micros += after.user + after.system - before.user - before.system;
    events += batch.length;
    if (!forget) continue;
    await projection.close();
    projection = await open();
  }
  await projection.close();
  const rate = (count: number) => Math.round((count / ms) * 1_000).toLocaleString('en');
  const line = `${rate(events)} events/s, ${rate(jobs)} jobs/s, ${(used.micros / events).toFixed(1)} µs of our CPU an event`;
  process.stdout.write(`${shape}: ${line}\n`);
}

async function open(): Promise<JobProjection> {
  const projection = await JobProjection.open(databaseUrl);
  while (!(await projection.tryAcquire()));
  sequence = Math.max(sequence, projection.lastSequence);
  return projection;
}

function entryOf(event: JobEvent): ProjectableEntry {
  sequence += 1;
  return { kind: 'event', sequence, recordedAt: event.at, event };
}

function* batchesInside(): Iterable<readonly JobEvent[]> {
  const perBatch = Math.floor(eventsPerBatch / 3);
  for (let made = 0; made < jobs; made += perBatch)
    yield newIds(Math.min(perBatch, jobs - made)).flatMap((id) => lifeOfJob(id));
}

function* batchesAcross(): Iterable<readonly JobEvent[]> {
  for (let made = 0; made < jobs; made += eventsPerBatch) {
    const lives = newIds(Math.min(eventsPerBatch, jobs - made)).map((id) => lifeOfJob(id));
    for (const step of [0, 1, 2]) yield lives.flatMap((life) => life.slice(step, step + 1));
  }
}

function newIds(count: number): string[] {
  return Array.from({ length: count }, () => randomUUIDv7());
}
