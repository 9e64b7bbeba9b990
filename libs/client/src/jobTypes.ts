import type { CallOptions } from './clientOptions.ts';
import type { Transport } from './transport.ts';

/** A job type as the API shows it. */
export interface JobType {
  readonly type: string;
  readonly paused: boolean;
  /** When the pause ends by itself. */
  readonly until?: string;
  /** Jobs that no worker has got yet. */
  readonly backlog: number;
  /** Jobs that workers hold. */
  readonly inFlight: number;
  /** Of each worker process. */
  readonly limits?: { readonly concurrency?: number; readonly rate?: string };
}

export interface PauseOptions extends CallOptions {
  /** RFC 3339: when the pause ends by itself. */
  readonly until?: string;
}

/** What can be said of all jobs of a type. */
export class JobTypes {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Those that a worker has run or somebody has paused, by name. */
  async list({ signal }: CallOptions = {}): Promise<readonly JobType[]> {
    return (await this.#transport.ask<{ items: readonly JobType[] }>({ path: '/api/types', signal })).items;
  }

  /** Keeps new attempts from starting; a later pause replaces an earlier one. */
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
