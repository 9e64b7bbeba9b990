import type { RawLog } from '../../harness/rawLog.ts';
import type { PastAnswer } from './askPast.ts';

/** A row of the table `jobs`; SQL NULL is undefined, times are milliseconds since 1970. */
export interface TableRow {
  readonly id: string;
  readonly [column: string]: unknown;
}

/** A row of the table `job_steps`; SQL NULL is null. */
export interface StepRow {
  readonly jobId: string;
  readonly name: string;
  readonly key: string | null;
  readonly attempt: number;
  readonly result: unknown;
  readonly error: unknown;
}

export interface CountRow {
  readonly type: string;
  readonly status: string;
  readonly count: number;
}

/** A line of the load generator's file. `token` is its own name for the job, which lies in the payload as well. */
export type LoadRecord =
  | { readonly kind: 'sent'; readonly token: string; readonly keyed: boolean }
  | {
      readonly kind: 'created';
      readonly token: string;
      readonly id: string;
      readonly status: number;
      /** The job that it repeats. */
      readonly rerunOf?: string;
      /** With which it was asked for; normal if undefined. */
      readonly priority?: string;
    }
  /** No job was created: the one with this id held the unique key. */
  | { readonly kind: 'held'; readonly token: string; readonly id: string }
  /** The job has got a signal, with this id. */
  | { readonly kind: 'signalled'; readonly id: string; readonly signal: string }
  | { readonly kind: AcknowledgedChange; readonly id: string };

export type AcknowledgedChange = 'cancelled' | 'requeued' | 'dueNow' | 'payloadChanged' | 'priorityChanged';

/** A line of the ledger: an effect of a handler on the outside world. */
export interface Effect {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A line of the ledger of steps: the work of one was done, of which nothing is recorded yet. */
export interface StepEffect {
  readonly jobId: string;
  /** The id of the JobStarted of its attempt. */
  readonly runId: string;
  readonly name: string;
  readonly key?: string;
  /** What it returns: no other run of any step returns the same. */
  readonly result: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a handler got of a wait for a signal. */
export interface WaitEffect {
  readonly jobId: string;
  readonly runId: string;
  readonly name: string;
  readonly key: string;
  /** Null after its time limit. */
  readonly payload: unknown;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The log as one server of a cluster holds it. */
export interface LogCopy {
  readonly node: string;
  /** Of all its messages, made by `digestOf`. */
  readonly digest: string;
}

/** All that is checked after a run, gathered from outside the services. */
export interface Evidence extends RawLog {
  /** One of each server where there are several. */
  readonly copies: readonly LogCopy[];
  readonly rows: readonly TableRow[];
  readonly stepRows: readonly StepRow[];
  readonly counts: readonly CountRow[];
  readonly quarantined: number;
  /** Messages that the stream TIMERS has ever stored: timers that were set, and those that fired. */
  readonly timers: number;
  readonly load: readonly LoadRecord[];
  readonly effects: readonly Effect[];
  /** The steps whose work was done. */
  readonly steps: readonly StepEffect[];
  /** Of random moments; empty where the log has lost events, and nothing else has them. */
  readonly past: readonly PastAnswer[];
}
