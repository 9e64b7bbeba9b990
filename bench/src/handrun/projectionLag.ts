import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { EventLog, newId } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { lifeOfJob, startNats, startPostgres } from '@jobstream/test-support';
import { percentileText } from '../measure/percentiles.ts';
import { startProjector } from '../servers/startProjector.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

interface AppendedJob {
  /** When the job was due and when its last event was in the log; milliseconds. */
  readonly due: number;
  readonly appended: number;
  readonly sequence: number;
}

const WARM_UP_SECONDS = 3;

/**
 * Open loop: jobs are due at fixed times whatever happens, and each is measured from its due time until its completion is
 * visible in the table, so a pause counts for all jobs that came due in it. A job is three events, appended one after the
 * other to a log that syncs every write.
 */
export const projectionLag: HandrunBench = {
  name: 'projection-lag',
  summary: 'How long after its due time a job is visible as completed in the table.',
  parameters: '[jobs a second = 500] [seconds = 20]',
  async run(args) {
    const [rate, seconds] = numbersOf(args, 500, 20);
    await using nats = await startNats();
    await using postgres = await startPostgres();
    await migrate(postgres.url);
    const eventLog = new EventLog({ url: nats.url, name: 'bench', deadlineMs: 60_000 });
    await eventLog.start();
    await using _projector = await startProjector({ NATS_URL: nats.url, DATABASE_URL: postgres.url });
    const readModel = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
    const measurement = new LagMeasurement(eventLog, readModel, rate);
    await measurement.run(seconds);
    await readModel.stop();
    await eventLog.stop();
  },
};

class LagMeasurement {
  readonly #eventLog: EventLog;
  readonly #readModel: ReadModel;
  readonly #rate: number;
  readonly #appended: AppendedJob[] = [];
  readonly #lags: number[] = [];
  readonly #tableLags: number[] = [];
  #seen = 0;

  constructor(eventLog: EventLog, readModel: ReadModel, rate: number) {
    this.#eventLog = eventLog;
    this.#readModel = readModel;
    this.#rate = rate;
  }

  async run(seconds: number): Promise<void> {
    const total = this.#rate * (WARM_UP_SECONDS + seconds);
    await Promise.all([this.#offer(total), this.#watch(total)]);
    print(`create -> visible as completed at ${this.#rate} jobs/s (${3 * this.#rate} events/s)`, this.#lags);
    print('of it after the acknowledged append', this.#tableLags);
  }

  async #offer(total: number): Promise<void> {
    const begun = performance.now();
    for (let next = 0; next < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * this.#rate));
      for (; next < due; next++) void this.#append(begun + (next / this.#rate) * 1_000);
      await pause(1);
    }
  }

  async #append(due: number): Promise<void> {
    let sequence = 0;
    for (const event of lifeOfJob(newId())) sequence = await this.#eventLog.append(event, sequence);
    this.#appended.push({ due, appended: performance.now(), sequence });
  }

  async #watch(total: number): Promise<void> {
    while (this.#seen < total) {
      const position = (await this.#readModel.readCheckpoint())?.lastSequence ?? 0;
      const now = performance.now();
      for (const job of this.#appended.splice(0)) {
        if (job.sequence <= position) this.#note(job, now);
        else this.#appended.push(job);
      }
      await pause(1);
    }
  }

  #note({ due, appended }: AppendedJob, now: number): void {
    this.#seen += 1;
    if (this.#seen <= this.#rate * WARM_UP_SECONDS) return;
    this.#lags.push(now - due);
    this.#tableLags.push(now - appended);
  }
}

function print(what: string, lags: readonly number[]): void {
  console.log(`${what}: ${percentileText(lags)} over ${lags.length} jobs; load average ${loadavg()[0]?.toFixed(1)}`);
}
