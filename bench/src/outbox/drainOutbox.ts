import { setTimeout as pause } from 'node:timers/promises';
import { type HandrunBench, numbersOf } from '../handrun/handrunBench.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { ServerCpu } from '../measure/serverCpu.ts';
import { withOutbox } from './outboxServers.ts';

const TRANSACTION = 1_000;
const FILL = `SELECT jobstream.enqueue('email', '{"to": "user@example.com", "subject": "hello"}')
  FROM generate_series(1, ${TRANSACTION})`;

export const drainOutbox: HandrunBench = {
  name: 'outbox-drain',
  summary: 'How fast one relay process drains a prepared backlog into a log that syncs, without workers.',
  parameters: '[jobs = 200000]',
  async run(args) {
    const [jobs] = numbersOf(args, 200_000);
    await inScratchFolder((folder) =>
      withOutbox(folder, async ({ processes, database, startRelay, log }) => {
        const filled = performance.now();
        for (let done = 0; done < jobs; done += TRANSACTION) await database.query(FILL);
        console.log(`${jobs} jobs enqueued at ${rate(jobs, filled)}/s by one connection`);
        const relay = await startRelay();
        const cpu = new ServerCpu({ processes: { relay: relay.pid ?? 0, ...processes } });
        const began = performance.now();
        const left = jobs - (await log.lastSequence());
        // To count what waits would take time from Postgres.
        await cpu.during(async () => {
          while ((await log.lastSequence()) < jobs) await pause(20);
        });
        const each = Object.entries(cpu.spent).map(
          ([name, seconds]) => `${name} ${((seconds * 1e6) / left).toFixed(1)}`,
        );
        console.log(
          `${left} jobs relayed at ${rate(left, began)}/s; µs of processor time for each: ${each.join(', ')}`,
        );
      }),
    );
  },
};

function rate(jobs: number, since: number): string {
  return (jobs / ((performance.now() - since) / 1_000)).toFixed(0);
}
