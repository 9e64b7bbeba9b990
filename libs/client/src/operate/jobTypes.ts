import type { JobDefaults } from '../enqueue/defineJob.ts';
import type { Actor } from './actor.ts';
import type { Worker } from './workers.ts';
import type { CallOptions } from '../transport/transport.ts';
import type { Transport } from '../transport/transport.ts';

/** A job type as the API shows it. */
export interface JobType {
  readonly type: string;
  readonly paused: boolean;
  /** When the pause ends, if it has an end. */
  readonly until?: string;
  /** When and by whom it was paused; absent if that is not known. */
  readonly pausedAt?: string;
  readonly pausedBy?: Actor;
  readonly pauseReason?: string;
  /** It was paused with all types, and resumes with them. */
  readonly pausedWithAll?: true;
  /** Pending jobs that were not delivered to a worker yet. */
  readonly backlog: number;
  /** Jobs that were delivered to workers and are not settled. */
  readonly inFlight: number;
  /** When the oldest of the backlog became ready; only in lists. */
  readonly waitingSince?: string;
  /** The limits of each worker process. */
  readonly limits?: { readonly concurrency?: number; readonly rate?: string };
  /** Whether a worker has announced the type within the last day. */
  readonly announced: boolean;
  /** The living workers that have announced the type. */
  readonly workers: readonly TypeWorker[];
  /** Whether payloads that no worker accepts are refused, or accepted with a warning; absent if it is not announced. */
  readonly payloadCheck?: PayloadCheck;
  /** JSON Schema (2020-12) of the payloads that may be sent, as the worker has announced it that started last. */
  readonly payloadSchema?: JsonSchema;
  readonly resultSchema?: JsonSchema;
  /** The signals that its jobs take, with the JSON Schema of their payloads: null for every payload. Left out for none. */
  readonly signals?: Readonly<Record<string, JsonSchema | null>>;
  /** The number of different payload schemas that living workers have announced, if there are several. */
  readonly schemasDiffer?: number;
  /** Why payloads are accepted without a check, although there is a schema. */
  readonly schemaIgnored?: string;
  /** The settings of jobs whose creators leave them out: those that the worker has announced which started last. */
  readonly definition?: TypeDefinition;
  /** Different ones that living workers have announced, each with one of its workers. */
  readonly otherDefinitions?: readonly TypeDefinition[];
}

/** What the definition of a type gives to its jobs, and the worker that has announced it. */
export interface TypeDefinition extends Omit<JobDefaults, 'tags'> {
  readonly worker: string;
  readonly startedAt: string;
}

/** Says which settings a definition gives; `no settings` if none. */
export function explainDefinition({ maxAttempts, backoff, timeoutMs }: TypeDefinition): string {
  const settings = Object.entries({ maxAttempts, backoff, timeoutMs }).filter(([, value]) => value !== undefined);
  return settings.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ') || 'no settings';
}

/** Says in a sentence how the definitions of a type's living workers differ from what holds; undefined if they do not. */
export function explainDifference({ type, definition, otherDefinitions = [] }: JobType): string | undefined {
  if (definition === undefined || otherDefinitions.length === 0) return undefined;
  const others = otherDefinitions.map((other) => `${other.worker} has ${explainDefinition(other)}`).join('; ');
  const holding = `jobs of ${type} get ${explainDefinition(definition)} from the definition of ${definition.worker}`;
  return `${holding}, which started last, but ${others}`;
}

/** A worker of a job type. */
export type TypeWorker = Pick<Worker, 'worker' | 'name' | 'version' | 'host' | 'startedAt'>;

export type PayloadCheck = 'refuse' | 'warn';

/** A JSON Schema, as a worker has announced it. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

export interface PauseOptions extends CallOptions {
  /** When the pause ends (RFC 3339); default: never. */
  readonly until?: string;
  /** Shown with the type and its waiting jobs. */
  readonly reason?: string;
}

/** The operations on job types. */
export class JobTypes {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns the types that a worker has announced or run, that were paused, or that have jobs, by name. */
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

  /**
   * Pauses all types, and those that appear later. A type whose own pause lasts at least as long keeps it.
   *
   * @returns all types.
   */
  async pauseAll({ signal, ...body }: PauseOptions = {}): Promise<readonly JobType[]> {
    return this.#changeAll({ path: '/api/types/_all/pause', body, signal });
  }

  /** Resumes the types that `pauseAll` has paused; those that were paused alone stay so. Returns all types. */
  async resumeAll({ signal }: CallOptions = {}): Promise<readonly JobType[]> {
    return this.#changeAll({ path: '/api/types/_all/resume', signal });
  }

  async #changeAll(request: { path: string; body?: object; signal: AbortSignal | undefined }) {
    return (await this.#transport.ask<{ items: readonly JobType[] }>({ method: 'POST', ...request })).items;
  }

  /**
   * Sets whether payloads that no worker of the type accepts are refused, or accepted with a warning: for producers that
   * are deployed before the workers.
   */
  setPayloadCheck(type: string, payloadCheck: PayloadCheck, { signal }: CallOptions = {}): Promise<JobType> {
    return this.#transport.ask({ method: 'PATCH', path: pathOf(type), body: { payloadCheck }, signal });
  }

  /** Removes what workers have announced of a type, and its settings, but no jobs. A living worker announces it again. */
  async remove(type: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.ask({ method: 'DELETE', path: pathOf(type), signal });
  }
}

function pathOf(type: string): string {
  return `/api/types/${encodeURIComponent(type)}`;
}
