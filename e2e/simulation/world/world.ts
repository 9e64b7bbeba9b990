import { evolve, isTerminal, type Job, type JobState, unreadSignals } from '@jobstream/domain';
import { MemoryServer, VirtualClock } from '@jobstream/eventlog';
import { seededRandom, type SeededRandom } from '../../chaos/seededRandom.ts';
import { LeasedConsumer } from './leasedConsumer.ts';
import { Mortal } from './mortal.ts';
import { Network, type Weather } from './network.ts';
import { RecordedLog } from './recordedLog.ts';
import { RemoteLog } from './remoteLog.ts';
import type { Sabotage } from './sabotage.ts';
import type { Surroundings } from './surroundings.ts';
import { Trace } from './trace.ts';

export interface WorldOptions {
  readonly seed: string;
  readonly weather: Weather;
  readonly maxAgeMs: number;
  readonly sabotage: Sabotage;
}

const STARTS_AT = Date.UTC(2026, 0, 1);

/** A server in memory, the network to it, and the table that follows its log some seconds behind. */
export class World implements Surroundings {
  readonly clock = new VirtualClock(STARTS_AT);
  readonly trace = new Trace(this.clock);
  readonly network: Network;
  readonly sabotage: Sabotage;
  readonly server: MemoryServer;
  readonly record: RecordedLog;
  /** Errors that no fault explains. */
  readonly surprises: string[] = [];
  /** The subjects of the timers that have fired, by the cause that they are of what follows. */
  readonly calls = new Map<string, string>();
  /** Set at the end: no process is started any more. */
  isOver = false;
  readonly #options: WorldOptions;
  readonly #consumers = new Map<string, LeasedConsumer>();
  readonly #jobs = new Map<string, JobState>();
  readonly #unended = new Set<string>();
  readonly #processes: Mortal[] = [];
  readonly #onReconnected = new Set<() => void>();
  #tablePosition = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.sabotage = options.sabotage;
    this.network = new Network(this.clock, this.randomFor('network'), options.weather);
    this.server = new MemoryServer(this.clock, { consumer: (jobType) => this.#consumerOf(jobType) });
    this.record = new RecordedLog(this.server);
    this.server.onStored((event) => {
      const { jobId } = event;
      const job = evolve(this.#jobs.get(jobId), event);
      this.#jobs.set(jobId, job);
      if (job === undefined || isTerminal(job.status)) this.#unended.delete(jobId);
      else this.#unended.add(jobId);
    });
  }

  /** Whether every job has ended. */
  get isDone(): boolean {
    return this.#unended.size === 0;
  }

  /** The jobs that wait for signals of which they have none. */
  awaited(): readonly { readonly id: string; readonly name: string }[] {
    return [...this.#unended].flatMap((id) => {
      const job = this.#jobs.get(id);
      const [name] = job?.status === 'waiting' ? (job.awaits ?? []) : [];
      if (name === undefined || job?.awaits?.some((one) => unreadSignals(job, one) > 0) === true) return [];
      return [{ id, name }];
    });
  }

  randomFor(purpose: string): SeededRandom {
    return seededRandom(this.#options.seed, purpose);
  }

  process(name: string): Mortal {
    const process = new Mortal({ name, clock: this.clock, network: this.network, trace: this.trace });
    this.#processes.push(process);
    return process;
  }

  logOf(process: Mortal): RemoteLog {
    const { maxAgeMs } = this.#options;
    return new RemoteLog({
      process,
      server: this.server,
      consumerOf: (jobType) => this.#consumerOf(jobType),
      maxAgeMs,
      onReconnected: (callback) => {
        this.#onReconnected.add(callback);
        return () => this.#onReconnected.delete(callback);
      },
      purgeBefore: (sequence) => this.#purgeBefore(sequence),
    });
  }

  /** The last message that the table has; it is behind by the time between two looks. */
  tablePosition(): number {
    const position = this.#tablePosition;
    this.#tablePosition = this.server.stream.lastSequence;
    return position;
  }

  /** The job as the table has it. */
  rowOf(id: string): { readonly job: Job } | undefined {
    this.record.catchUp();
    const job = this.record.job(id, this.#tablePosition);
    return job && { job };
  }

  /** The server crashes and is back some time later. It has lost nothing of the log. */
  crashServer(downMs: number): void {
    this.trace.add('server', `crashes for ${downMs} ms`);
    this.network.breakUntil(this.clock.now() + downMs);
    for (const consumer of this.#consumers.values()) consumer.recover();
    this.clock.setTimeout(() => this.#reconnect(), downMs);
  }

  /** Pauses a job type. */
  pauseType(jobType: string, ms: number): void {
    this.trace.add('server', `pauses ${jobType} for ${ms} ms`);
    this.#consumerOf(jobType).pause(ms);
  }

  /** Ends everything. */
  end(): void {
    this.isOver = true;
    for (const process of this.#processes) process.die('is over');
    this.record.catchUp();
  }

  #reconnect(): void {
    for (const callback of this.#onReconnected) callback();
    for (const consumer of this.#consumers.values()) consumer.pull();
  }

  #purgeBefore(sequence: number): void {
    this.record.catchUp();
    this.server.stream.purgeBefore(sequence);
    for (const consumer of this.#consumers.values()) consumer.forgetBefore(sequence);
  }

  #consumerOf(jobType: string): LeasedConsumer {
    const found = this.#consumers.get(jobType);
    if (found !== undefined) return found;
    const consumer = new LeasedConsumer(this, this.randomFor(`consumer of ${jobType}`), this.calls);
    this.#consumers.set(jobType, consumer);
    return consumer;
  }
}
