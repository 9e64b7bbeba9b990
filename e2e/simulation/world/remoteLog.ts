import type { JobEvent } from '@jobstream/domain';
import { MemoryEventLog, type JobQueueOptions, type JobSnapshot, type OpenQueue, type Wake } from '@jobstream/eventlog';
import type { Claim, MemoryServer, VirtualClock } from '@jobstream/eventlog';
import {
  type Deliverer,
  JobReader,
  LogPrefix,
  MemoryQueue,
  type Subscriber,
} from '@jobstream/eventlog/testing/memoryParts';
import type { Mortal } from './mortal.ts';
import { RemoteClaims } from './remoteClaims.ts';

const DEADLINE_MS = 4_000;

/** What delivers to the queues of processes. */
export type ConnectsQueues = Deliverer & { connect(subscriber: Subscriber, process: Mortal): void };

export interface RemoteLogOptions {
  readonly process: Mortal;
  readonly server: MemoryServer;
  /** What delivers the messages of a job type. */
  readonly consumerOf: (jobType: string) => ConnectsQueues;
  /** The age from which on messages leave the log, in milliseconds. */
  readonly maxAgeMs: number;
  /** Calls back when the connection to the server is back. */
  readonly onReconnected: (callback: () => void) => () => void;
  /** Removes the messages of the log before a sequence. */
  readonly purgeBefore: (sequence: number) => void;
}

/** The event log as a process has it that may die, over a network that may fail: the methods of EventLog on the log in memory. */
export class RemoteLog {
  readonly contents: MemoryEventLog['contents'];
  readonly clock: Pick<VirtualClock, 'now'>;
  readonly unique: RemoteClaims;
  readonly prefix: LogPrefix;
  readonly expiresPermanently = true;
  /** Every process of a simulation is of this release. */
  readonly announcements = {
    canWrite: () => Promise.resolve(true),
    allUnderstand: () => Promise.resolve(true),
    olderThan: () => Promise.resolve([]),
  };
  readonly lanes = { open: () => this.#process.ask('open a lane', () => Promise.resolve()) };
  readonly #options: RemoteLogOptions;
  readonly #process: Mortal;
  readonly #memory: MemoryEventLog;

  constructor(options: RemoteLogOptions) {
    const { process, server } = options;
    this.#options = options;
    this.#process = process;
    this.#memory = new MemoryEventLog(server);
    this.contents = this.#memory.contents;
    this.clock = server.clock;
    this.unique = new RemoteClaims(server, process);
    this.prefix = remotePrefix(options);
  }

  append(event: JobEvent, expected: number, claim?: Claim): Promise<number> {
    return this.#process.ask(labelOf(event), () => this.#memory.append(event, expected, claim));
  }

  appendAll(events: readonly JobEvent[], claims?: ReadonlyMap<string, Claim>): Promise<number> {
    return this.#process.ask(events.map(labelOf).join(', '), () => this.#memory.appendAll(events, claims));
  }

  readJob(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    return this.#process.ask(`read ${jobId}`, () => this.#memory.readJob(jobId, jobType));
  }

  scheduleWake(wake: Wake): Promise<void> {
    return this.#process.ask(`timer ${wake.priority ?? ''} ${wake.jobId} ${wake.at}`, () =>
      this.#memory.scheduleWake(wake),
    );
  }

  wakeNow(wake: Wake): Promise<void> {
    return this.#process.ask(`wake ${wake.priority ?? ''} ${wake.jobId}`, () => this.#memory.wakeNow(wake));
  }

  openQueue(options: JobQueueOptions): Promise<OpenQueue> {
    const { server, consumerOf } = this.#options;
    const consumer = consumerOf(options.jobType);
    const queue = new MemoryQueue(consumer, server.clock, options);
    consumer.connect(queue, this.#process);
    this.#process.onDeath(() => queue.disconnect());
    return Promise.resolve(queue);
  }

  subscribeToCancellations(jobTypes: readonly string[], onHint: (jobId: string) => void): () => void {
    return this.#memory.subscribeToCancellations(jobTypes, (jobId) => this.#process.receive(() => onHint(jobId)));
  }

  onReconnected(callback: () => void): () => void {
    return this.#options.onReconnected(() => this.#process.receive(callback));
  }
}

function labelOf({ event, jobId, data }: JobEvent): string {
  return 'attempt' in data ? `append ${event} ${data.attempt} ${jobId}` : `append ${event} ${jobId}`;
}

function remotePrefix({ process, server, maxAgeMs, purgeBefore }: RemoteLogOptions): LogPrefix {
  const { stream, clock } = server;
  const reader = new JobReader({ direct: stream, deadlineMs: DEADLINE_MS });
  const info = () => {
    const state = { first_seq: stream.firstSequence, last_seq: stream.lastSequence };
    return Promise.resolve({ state, ts: new Date(clock.now()).toISOString() });
  };
  return new LogPrefix({
    manager: {
      streams: {
        info: () => process.ask('state of the log', info),
        purge: (_stream, { seq }) => process.ask(`purge before ${seq}`, async () => purgeBefore(seq)),
      },
    },
    direct: { from: (sequence, limits) => process.ask('read the log', () => stream.from(sequence, limits)) },
    reader: { stored: (id, type) => process.ask(`stored ${id}`, () => reader.stored(id, type)) },
    rule: { kind: 'purged' },
    maxAgeMs,
    clock,
  });
}
