/** Reads the whole log as a projector does: `node libs/eventlog/bench/follow.ts` with NATS_URL set. */
import { EventLog } from '../src/index.ts';

const log = new EventLog({ url: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222', name: 'bench' });
await log.start();
const last = await log.lastSequence();
const feed = log.follow({ after: 0 });
const [time, cpu] = [performance.now(), process.cpuUsage()];
let [events, batches] = [0, 0];
for await (const entries of feed) {
  events += entries.length;
  batches++;
  if ((entries.at(-1)?.sequence ?? 0) >= last) break;
}
const seconds = (performance.now() - time) / 1_000;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${events} events in ${batches} arrays: ${(events / seconds).toFixed(0)}/s, ` +
    `${((user + system) / events).toFixed(1)} µs CPU each\n`,
);
await log.stop();
