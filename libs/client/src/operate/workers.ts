import type { CallOptions, Transport } from '../transport/transport.ts';

/** A worker process as the API shows it. */
export interface Worker {
  /** Unique to the process. */
  readonly worker: string;
  /** Whether it has sent a heartbeat within the last 12 seconds, and has not said that it ended. */
  readonly live: boolean;
  /** Whether it takes no further jobs, and ends when those that it runs are done. */
  readonly stopping?: boolean;
  /** RFC 3339: when it ended in order. One that does not live and has none was lost. */
  readonly stoppedAt?: string;
  /** What its program is called. */
  readonly name?: string;
  readonly version?: string;
  readonly host: string;
  readonly pid?: number;
  /** Library and platform. */
  readonly runtime?: string;
  readonly startedAt: string;
  /** The job types that it runs. */
  readonly types: readonly string[];
  readonly runningCount: number;
  /** The oldest 100 of the jobs that it runs. */
  readonly running: readonly RunningJob[];
  /** When its event loop was blocked while jobs ran, oldest first, as far as it has announced that. */
  readonly blocked?: readonly BlockedLoop[];
}

/** A time during which a worker could do nothing else than run one piece of code, not even say that it lives. */
export interface BlockedLoop {
  readonly since: string;
  readonly durationMs: number;
  /** Jobs that ran meanwhile, at most 5 of each type. */
  readonly jobs: readonly { readonly jobId: string; readonly type: string; readonly attempt: number }[];
}

/** A run that is in progress, as of the last heartbeat of its worker. */
export interface RunningJob {
  readonly jobId: string;
  readonly type: string;
  readonly attempt: number;
  readonly runId: string;
  readonly startedAt: string;
}

/** The operations on workers. */
export class Workers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns the workers that live, and those that are gone for less than a day, by id. */
  async list({ signal }: CallOptions = {}): Promise<readonly Worker[]> {
    return (await this.#transport.ask<{ items: readonly Worker[] }>({ path: '/api/workers', signal })).items;
  }

  /** Removes a worker that is gone from lists. One that lives is back with its next heartbeat. */
  async remove(worker: string, { signal }: CallOptions = {}): Promise<void> {
    const path = `/api/workers/${encodeURIComponent(worker)}`;
    await this.#transport.ask({ method: 'DELETE', path, signal });
  }
}
