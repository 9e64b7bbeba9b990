/**
 * Jobs a second through `POST /api/jobs/batch`: `node apps/api/bench/batch.ts [jobs] [jobs a batch] [requests at once]` with
 * API_URL set. With API_PID and NATS_PID it also prints the CPU time that each process spent on a job, from /proc.
 */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';

const [jobs = 200_000, perBatch = 1_000, atOnce = 4] = process.argv.slice(2).map(Number);
const url = new URL('/api/jobs/batch', process.env['API_URL'] ?? 'http://127.0.0.1:3000');
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
const job = { type: 'bench', payload: { to: 'user@example.com', subject: 'hello' } };
const body = Buffer.from(JSON.stringify({ jobs: Array.from({ length: perBatch }, () => job) }));
const headers = { 'content-type': 'application/json', 'content-length': body.length };
const MICROS_PER_TICK = 10_000;

function post(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sent = request(url, { method: 'POST', agent, headers }, (response) => {
    response.resume();
    response.on('end', () =>
      response.statusCode === 201 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
    );
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

async function cpuMicros(pid: string | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

async function cpuOfAll(): Promise<readonly number[]> {
  const { user, system } = process.cpuUsage();
  return [user + system, await cpuMicros(process.env['API_PID']), await cpuMicros(process.env['NATS_PID'])];
}

let left = Math.ceil(jobs / perBatch);
const latencies: number[] = [];
async function lane(): Promise<void> {
  while (left-- > 0) {
    const before = performance.now();
    await post();
    latencies.push(performance.now() - before);
  }
}

const [time, cpu] = [performance.now(), await cpuOfAll()];
await Promise.all(Array.from({ length: atOnce }, lane));
const seconds = (performance.now() - time) / 1_000;
const done = latencies.length * perBatch;
const after = await cpuOfAll();
const [client, api, nats] = after.map((micros, index) => ((micros - (cpu[index] ?? 0)) / done).toFixed(1));
const sorted = latencies.toSorted((left_, right) => left_ - right);
const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
process.stdout.write(
  `${done} jobs, ${perBatch} a batch, ${atOnce} requests at once: ${(done / seconds).toFixed(0)} jobs/s, ` +
    `ms a batch p50 ${at(0.5)} p99 ${at(0.99)}; µs CPU a job: client ${client}, api ${api}, nats ${nats}\n`,
);
agent.destroy();
