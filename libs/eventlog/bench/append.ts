/**
 * Cost of an append: `node libs/eventlog/bench/append.ts [jobs] [in flight] [group commit: true|false] [replicas]` with
 * NATS_URL set.
 * Creates jobs with so many appends in flight and prints the rate and this process's CPU time a job.
 */
import { defaultBackoff, decide, isRejection, type JobEvent } from '@jobstream/domain';
import { EventLog } from '../src/index.ts';

const jobs = Number(process.argv[2] ?? 50_000);
const inFlight = Number(process.argv[3] ?? 1_000);
const groupCommit = process.argv[4] !== 'false';
const replicas = Number(process.argv[5] ?? 1);

function creation(): JobEvent {
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: crypto.randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'api', id: 'bench' },
      jobId: crypto.randomUUID(),
      jobType: 'bench',
      payload: { to: 'user@example.com', subject: 'hello' },
      maxAttempts: 5,
      backoff: defaultBackoff,
      timeoutMs: 60_000,
      tags: [],
    },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}

const log = new EventLog({
  url: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222',
  name: 'bench',
  groupCommit,
  replicas,
});
await log.start();
let started = 0;
const latencies: number[] = [];
async function loop(): Promise<void> {
  while (started < jobs) {
    started++;
    const before = performance.now();
    await log.append(creation(), 0);
    latencies.push(performance.now() - before);
  }
}
const [time, cpu] = [performance.now(), process.cpuUsage()];
await Promise.all(Array.from({ length: inFlight }, loop));
const seconds = (performance.now() - time) / 1_000;
const { user, system } = process.cpuUsage(cpu);
const sorted = latencies.toSorted((left, right) => left - right);
const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
process.stdout.write(
  `${jobs} appends, ${inFlight} in flight, group commit ${groupCommit}: ${(jobs / seconds).toFixed(0)}/s, ` +
    `${((user + system) / jobs).toFixed(1)} µs CPU each, ms p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)}\n`,
);
await log.stop();
