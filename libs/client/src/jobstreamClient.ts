import { AuditLog } from './operate/auditLog.ts';
import type { CallOptions, ClientOptions } from './transport/transport.ts';
import { checkSignal } from './enqueue/defineJob.ts';
import type { JobDefinition, PayloadInput, ResultOutput, SignalInput, SignalNameOf } from './enqueue/defineJob.ts';
import { enqueue, type EnqueuedJob, type EnqueueOptions } from './enqueue/enqueue.ts';
import { followEvents } from './transport/followEvents.ts';
import type { JobEvent, JobEventName } from './jobs/jobEvent.ts';
import type { Failures, FailuresQuery, SharedTraits } from './operate/failures.ts';
import { exportIncident, type Incident, type IncidentOptions, type IncidentSelection } from './jobs/incident.ts';
import type { SignalledJob } from './jobs/job.ts';
import { JobOperations } from './jobs/jobOperations.ts';
import type { CreateOptions } from './jobs/jobOptions.ts';
import { Jobs } from './jobs/jobs.ts';
import { JobTypes } from './operate/jobTypes.ts';
import { Keys } from './operate/keys.ts';
import { Proof } from './operate/proof.ts';
import { Schedules } from './operate/schedules.ts';
import type { Stats, StatsOptions } from './operate/stats.ts';
import { Transport } from './transport/transport.ts';
import { Workers } from './operate/workers.ts';

export interface FeedOptions extends CallOptions {
  /** Only jobs of these types. */
  readonly types?: readonly string[];
  /** Only these events. */
  readonly events?: readonly JobEventName[];
  /** Begins after the event with this sequence; 0 is the beginning of the log. Default: begins with the next event. */
  readonly after?: number;
}

/**
 * A client of one Jobstream API. It holds no connection: creating it does no I/O, and there is nothing to close.
 *
 * Requests that are safe to repeat are repeated while the API is unavailable or busy, for up to `retryForMs`.
 *
 * @example
 * const client = new JobstreamClient({ url: 'http://127.0.0.1:3000', credentials: process.env.JOBSTREAM_KEY });
 * const { id } = await client.jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
 */
export class JobstreamClient {
  readonly jobs: Jobs;
  readonly schedules: Schedules;
  readonly types: JobTypes;
  readonly workers: Workers;
  readonly operations: JobOperations;
  readonly audit: AuditLog;
  readonly keys: Keys;
  readonly proof: Proof;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.jobs = new Jobs(this.#transport);
    this.schedules = new Schedules(this.#transport);
    this.types = new JobTypes(this.#transport);
    this.workers = new Workers(this.#transport);
    this.operations = new JobOperations(this.#transport);
    this.audit = new AuditLog(this.#transport);
    this.keys = new Keys(this.#transport);
    this.proof = new Proof(this.#transport);
  }

  /**
   * Creates a job of a definition made by `defineJob`. The payload is checked before anything is sent; like
   * `jobs.create`, the request is repeated while the API is unavailable and creates the job once.
   *
   * @returns the created job, whose `result()` waits for its end.
   * @throws PayloadError when the payload does not match the definition's schema; nothing was sent.
   * @throws InvalidRequestError, UnavailableError as from `jobs.create`.
   * @example
   * const job = await client.enqueue(thumbnail, { url, width: 200 }, { idempotencyKey: order.id });
   * const { bytes } = await job.result({ signal: AbortSignal.timeout(60_000) });
   */
  enqueue<Definition extends JobDefinition>(
    definition: Definition,
    payload: PayloadInput<Definition>,
    options?: EnqueueOptions,
  ): Promise<EnqueuedJob<ResultOutput<Definition>>> {
    return enqueue(this.jobs, definition, payload, options);
  }

  /**
   * Sends a signal of a definition to a job of it. The payload is checked before anything is sent; else as `jobs.signal`.
   *
   * @throws TypeError for a signal that the definition has not, PayloadError when the payload does not match its schema; nothing was sent.
   * @throws NotFoundError, ConflictError, UnavailableError as from `jobs.signal`.
   * @example
   * await client.signal(order, id, 'approved', { by: 'ann@example.com' });
   */
  async signal<Definition extends JobDefinition, const Name extends SignalNameOf<Definition>>(
    definition: Definition,
    id: string,
    ...[name, payload, options]: [name: Name, payload: SignalInput<Definition, Name>, options?: CreateOptions]
  ): Promise<SignalledJob> {
    await checkSignal(definition, name, payload);
    return this.jobs.signal(id, name, payload, options);
  }

  /**
   * Follows the events of all jobs live, in the order of the log, without gaps or duplicates. A lost connection is made
   * again, and the feed resumes after the last event that was handed out.
   *
   * @example
   * for await (const { sequence, event } of client.events({ events: ['JobFailed'], after: lastSequence })) …
   */
  events({ signal, after, types, events }: FeedOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    const query = { type: types, event: events };
    return followEvents(this.#transport, { path: '/api/events', query, signal }, after);
  }

  /**
   * Groups the failed jobs of a window (default `24h`) by type, error and what is alike of its message.
   *
   * @example
   * const { items } = await client.failures({ window: '7d', type: 'email' });
   */
  failures(query: FailuresQuery = {}, { signal }: CallOptions = {}): Promise<Failures> {
    return this.#transport.ask({ path: '/api/failures', query: { ...query }, signal, ofTable: true });
  }

  /**
   * Reads which tags and worker versions the jobs of a group of failures share, and others of the type do not, over the newest
   * 1,000 of each that failed in the window (default `24h`).
   *
   * @example
   * const [{ value, count, elsewhere } = {}] = (await client.sharedTraits(group.id, { window: '1h' })).traits;
   */
  sharedTraits(
    failure: string,
    { window, signal }: CallOptions & Pick<FailuresQuery, 'window'> = {},
  ): Promise<SharedTraits> {
    return this.#transport.ask({ path: '/api/failures/shared', query: { failure, window }, signal, ofTable: true });
  }

  /**
   * Reads the jobs of a filter, or those with some ids, with all of their events into one text of JSON lines, with its SHA-256 and the commands that
   * show the same again: to keep an incident, or to send it to somebody. It has what the caller may read, and holds all of it
   * in memory.
   *
   * @throws RangeError for a limit that is not from 1 to 1,000.
   */
  exportIncident(filter: IncidentSelection, options: IncidentOptions = {}): Promise<Incident> {
    return exportIncident(this.jobs, filter, options);
  }

  /** Counts the jobs; with a time range also what happened in it. */
  stats({ signal, ...query }: StatsOptions = {}): Promise<Stats> {
    return this.#transport.ask({ path: '/api/stats', query, signal, ofTable: query.asOf === undefined });
  }
}
