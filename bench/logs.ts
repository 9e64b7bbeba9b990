import { randomUUID } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { guardOfThisProcess, startNats } from '@jobstream/test-support';
import { KeptLogger, LogShipper, silentLogger, type Logger } from '@jobstream/worker/engine';

/** What keeping the lines of handlers costs a worker, beside pino alone: processor time, in turns in one run. Send standard output to /dev/null. */
const ROUNDS = 21;
const ATTEMPTS = 2_000;
const LINES = [0, 1, 10, 30];

interface Variant {
  readonly name: string;
  readonly attempt: (lines: number) => void;
  /** Resolves when what the attempts left to do is done. */
  readonly settle: () => Promise<void>;
}

const logger = createLogger({ service: 'worker', level: 'info' });

function child(jobId: string): Logger {
  return logger.child({ jobId, jobType: 'email', attempt: 1 });
}

function write(log: Logger, lines: number): void {
  for (let line = 0; line < lines; line += 1)
    log.info({ orderId: 4_711, step: line, host: 'smtp.example.com' }, 'mail sent');
}

const pinoAlone: Variant = {
  name: 'pino alone',
  attempt: (lines) => write(child(randomUUID()), lines),
  settle: () => Promise.resolve(),
};

function keeping(shipper: LogShipper): Variant {
  return {
    name: 'pino, and kept',
    attempt: (lines) => {
      const jobId = randomUUID();
      const run = shipper.open({ jobId, attempt: 1, runId: jobId }, 'email');
      if (run === undefined) throw new Error('nothing is kept');
      write(new KeptLogger(child(jobId), run), lines);
      run.end();
    },
    settle: () => shipper.drain(30_000),
  };
}

/** Returns the microseconds of processor time of one attempt. */
async function costOf({ attempt, settle }: Variant, lines: number): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < ATTEMPTS; count += 1) attempt(lines);
  await settle();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ATTEMPTS;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function compare(variants: readonly Variant[], lines: number): Promise<void> {
  const costs = new Map(variants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const variant of variants) costs.get(variant.name)?.push(await costOf(variant, lines));
  }
  const medians = [...costs].map(([name, all]) => `${name} ${median(all.slice(1)).toFixed(2)}`);
  console.error(`${lines} lines: ${medians.join(' µs, ')} µs an attempt`);
}

const nats = await startNats();
const eventLog = new EventLog({
  url: nats.url,
  name: 'worker',
  logsRetention: { maxAgeMs: 86_400_000, maxBytes: 1_073_741_824 },
});
await eventLog.start();
let dropped = 0;
const onDropped = (_type: string, lines: number) => void (dropped += lines);
const shipper = new LogShipper({ eventLog, level: 'info', stacks: true, onDropped, logger: silentLogger });
await shipper.start();
for (const lines of LINES) await compare([pinoAlone, keeping(shipper)], lines);
console.error(`${dropped} lines were dropped`);
await shipper.stop();
await eventLog.stop();
await nats.stop();
await guardOfThisProcess().stop();
