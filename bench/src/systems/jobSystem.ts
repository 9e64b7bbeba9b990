import type { Durability, RunningServers } from '../servers/runningServers.ts';

/** What each job carries: its number, and when it should have been created, in µs of the machine's monotonic clock. */
export interface Payload {
  readonly n: number;
  readonly dueAt: number;
}

/** A job system with the servers that it needs. */
export interface JobSystem {
  readonly name: string;
  /** What a reader must know beside the figures: settings, and what the system does not do. */
  readonly notes: readonly string[];
  /** It syncs each write by default, so that both modes of durability are one and it is measured once. */
  readonly syncsByDefault?: true;
  /** It is measured with fsync alone, and shown nowhere else. */
  readonly syncsAlone?: true;
  /** Starts its servers on an empty folder, and whatever else belongs to it beside clients and workers. */
  serve(folder: string, durability: Durability): Promise<RunningServers>;
  /** In a client process. */
  connect(options: ConnectOptions): Promise<JobClient>;
}

export type ClientRole = 'producer' | 'worker';

export interface ConnectOptions {
  readonly address: string;
  readonly role: ClientRole;
  readonly durability: Durability;
}

/** One process's connection to a job system. */
export interface JobClient {
  /** Creates jobs with one call of what the system offers for many. */
  enqueueMany(payloads: readonly Payload[]): Promise<void>;
  /** Creates one job; resolves with its id when the system has acknowledged it. */
  enqueue(payload: Payload): Promise<string>;
  /** Starts to run jobs. */
  work(concurrency: number, run: (payload: Payload) => Promise<void>): Promise<void>;
  /** Those of the ids whose jobs have completed, as a reader of the system sees it. */
  completed(ids: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}
