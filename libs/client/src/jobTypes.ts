import type { CallOptions } from './transport.ts';
import type { Transport } from './transport.ts';

/** A job type as the API shows it. */
export interface JobType {
  readonly type: string;
  readonly paused: boolean;
  /** When the pause ends, if it has an end. */
  readonly until?: string;
  /** Pending jobs that were not delivered to a worker yet. */
  readonly backlog: number;
  /** Jobs that were delivered to workers and are not settled. */
  readonly inFlight: number;
  /** The limits of each worker process. */
  readonly limits?: { readonly concurrency?: number; readonly rate?: string };
}

export interface PauseOptions extends CallOptions {
  /** When the pause ends (RFC 3339); default: never. */
  readonly until?: string;
}

/** The operations on job types. */
export class JobTypes {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns the types that a worker has run or that were paused, by name. */
  async list({ signal }: CallOptions = {}): Promise<readonly JobType[]> {
    return (await this.#transport.ask<{ items: readonly JobType[] }>({ path: '/api/types', signal })).items;
  }

  /** Pauses a type: no new attempt starts. A later pause replaces an earlier one. */
  pause(type: string, { signal, ...body }: PauseOptions = {}): Promise<JobType> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(type)}/pause`, body, signal });
  }

  resume(type: string, { signal }: CallOptions = {}): Promise<JobType> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(type)}/resume`, signal });
  }
}

function pathOf(type: string): string {
  return `/api/types/${encodeURIComponent(type)}`;
}
