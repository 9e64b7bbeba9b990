import type { RunningServers } from '../servers/runningServers.ts';

/** `steps`: three steps that do nothing, one after the other. `approval`: waits for one signal, for as long as it takes. */
type DurableJob = 'steps' | 'approval';

/** A system of durable execution with the servers that it needs, which sync what they acknowledge. */
export interface DurableSystem {
  readonly name: string;
  /** Starts its servers on an empty folder, and whatever else belongs to it beside its worker and client. */
  serve(folder: string): Promise<RunningServers>;
  /** In the worker's process: starts to run jobs, so many at once. */
  work(address: string, concurrency: number): Promise<Closable>;
  /** In the client's process. */
  connect(address: string): Promise<DurableClient>;
}

export interface Closable {
  close(): Promise<void>;
}

/** What enqueues jobs, sends signals, and sees what became of the jobs. */
export interface DurableClient extends Closable {
  /** Resolves with the job's id when the job is stored. */
  enqueue(job: DurableJob): Promise<string>;
  /** Resolves when the jobs wait for their signal. */
  untilWaiting(ids: readonly string[]): Promise<void>;
  /** Resolves when the signal is stored. */
  signal(id: string): Promise<void>;
  /** Resolves when it is stored that all have completed, with when that was: in ms since 1970. */
  untilCompleted(ids: readonly string[]): Promise<number>;
  /** How often the system has stored something until now: events of a log, transactions that wrote. */
  writes(): Promise<number>;
}

export const GIVE_UP_MS = 60_000;
