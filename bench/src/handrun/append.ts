import { EventLog, JOBS_STREAM } from '@jobstream/eventlog';
import { newJob, startNats } from '@jobstream/test-support';
import { inLanes } from '../measure/concurrency.ts';
import { percentileText } from '../measure/percentiles.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const PAYLOAD = { to: 'user@example.com', subject: 'hello' };

export const append: HandrunBench = {
  name: 'append',
  summary:
    'Appends a second, their latency, and the CPU time of this process for each; on a server of its own or on NATS_URL.',
  parameters: '[jobs = 50000] [in flight = 1000] [group commit: 1 or 0 = 1] [replicas = 1]',
  async run(args) {
    const [jobs, inFlight, group, replicas] = numbersOf(args, 50_000, 1_000, 1, 1);
    await using nats = await startNats({ stagedInMemory: [JOBS_STREAM] });
    const url = process.env['NATS_URL'] ?? nats.url;
    const log = new EventLog({ url, name: 'bench', groupCommit: group !== 0, replicas });
    await log.start();
    const latencies: number[] = [];
    const [time, cpu] = [performance.now(), process.cpuUsage()];
    await inLanes(jobs, inFlight, async () => {
      const before = performance.now();
      await log.append(newJob(PAYLOAD), 0);
      latencies.push(performance.now() - before);
    });
    const seconds = (performance.now() - time) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `${jobs} appends, ${inFlight} in flight, group commit ${group !== 0}: ${(jobs / seconds).toFixed(0)}/s, ` +
        `${((user + system) / jobs).toFixed(1)} µs CPU each, ${percentileText(latencies)}`,
    );
    await log.stop();
  },
};
