import type { CallOptions } from '../transport/transport.ts';
import { itemsOf } from '../jobs/pages.ts';
import type { Transport } from '../transport/transport.ts';
import type { Actor } from './actor.ts';
import type { Backoff, CreatedJob, NewJob, NewUnique, Priority, Unique, Warning } from '../jobs/job.ts';
import { checkPayload, type JobDefaults, type JobDefinition, type PayloadInput } from '../enqueue/defineJob.ts';
import { newIdempotencyKey } from '../enqueue/idempotencyKey.ts';
import type { CreateOptions } from '../jobs/jobOptions.ts';

export interface VersionedOptions extends CallOptions {
  /** The version that is to be replaced. @throws ConflictError when it is not the current one. */
  readonly ifVersion?: number;
}

/** The operations on schedules. Each throws NotFoundError for an unknown name. */
export class Schedules {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates a schedule. @throws ConflictError when the name is taken. */
  create(schedule: NewSchedule, options?: CallOptions): Promise<Schedule>;
  /**
   * Creates a schedule of a definition's jobs, with its defaults, which what `schedule` has wins over. Its name is by default that of
   * the type.
   *
   * @throws PayloadError when the payload does not match; nothing was sent.
   * @throws ConflictError when the name is taken.
   * @example
   * await client.schedules.create(nightlyReport, { cron: '30 2 * * *', payload: { to: 'team@example.com' } });
   */
  create<Definition extends JobDefinition>(
    definition: Definition,
    schedule: DefinedSchedule<Definition>,
    options?: CallOptions,
  ): Promise<Schedule>;
  async create(
    what: NewSchedule | JobDefinition,
    second?: CallOptions | DefinedSchedule<JobDefinition>,
    third?: CallOptions,
  ): Promise<Schedule> {
    const isWhole = 'cron' in what;
    const body = isWhole ? what : await scheduleOf(what, second as DefinedSchedule<JobDefinition>);
    const { signal } = (isWhole ? (second as CallOptions | undefined) : third) ?? {};
    return this.#transport.ask({ method: 'POST', path: '/api/schedules', body, repeatable: false, signal });
  }

  get(name: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#transport.ask({ path: pathOf(name), signal });
  }

  /** Iterates over all schedules in the order of their names. */
  list({ signal }: CallOptions = {}): AsyncGenerator<Schedule, void, undefined> {
    return itemsOf((cursor) => this.#transport.ask({ path: '/api/schedules', query: { cursor }, signal }));
  }

  /** Replaces the definition of a schedule; omitted fields get their defaults. */
  replace({ name, ...body }: NewSchedule, options: VersionedOptions = {}): Promise<Schedule> {
    return this.#transport.ask({ method: 'PUT', path: pathOf(name), body, ...versioned(options) });
  }

  /**
   * Changes parts of the definition; fields that are left out stay as they are, also those of `job` and `catchUp`.
   *
   * @throws ConflictError when another writer was faster.
   */
  change(name: string, changes: ScheduleChanges, options: VersionedOptions = {}): Promise<Schedule> {
    const request = { ...versioned(options), repeatable: false };
    return this.#transport.ask({ method: 'PATCH', path: pathOf(name), body: changes, ...request });
  }

  /** Creates the job of a tick at once, also of a disabled schedule. Repeated while the API is unavailable: one job. */
  run(name: string, { signal, idempotencyKey = newIdempotencyKey(), ...body }: RunOptions = {}): Promise<CreatedJob> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({ method: 'POST', path: `${pathOf(name)}/run`, body, headers, signal });
  }

  async delete(name: string, options: VersionedOptions = {}): Promise<void> {
    await this.#transport.ask({ method: 'DELETE', path: pathOf(name), ...versioned(options), repeatable: false });
  }

  /** Returns the history of a schedule, newest event first; also of a deleted one. */
  events(name: string, { signal }: CallOptions = {}): AsyncGenerator<ScheduleEvent, void, undefined> {
    return itemsOf((cursor) => this.#transport.ask({ path: `${pathOf(name)}/events`, query: { cursor }, signal }));
  }
}

/** A conditional request is not repeated: after it took effect, its version is no longer the current one. */
function versioned({ ifVersion, signal }: VersionedOptions) {
  if (ifVersion === undefined) return { signal };
  return { signal, headers: { 'if-match': `"${ifVersion}"` }, repeatable: false };
}

function pathOf(name: string): string {
  return `/api/schedules/${encodeURIComponent(name)}`;
}

export type CatchUpPolicy = 'skip' | 'latest' | 'all';

/** The definition of a new schedule; docs/schedules.md has limits and defaults. */
export interface NewSchedule {
  readonly name: string;
  readonly cron: string;
  /** A time zone of the IANA database; default UTC. */
  readonly timeZone?: string;
  /** The job that each tick creates. */
  readonly job: Omit<NewJob, 'runAt' | 'delayMs'>;
  readonly enabled?: boolean;
  readonly catchUp?: { readonly policy?: CatchUpPolicy; readonly limit?: number };
}

/** A schedule of the jobs of a definition. */
export interface DefinedSchedule<Definition extends JobDefinition>
  extends Omit<NewSchedule, 'name' | 'job'>, JobDefaults {
  /** Default: that of the job type. */
  readonly name?: string;
  /** Of every job, as `enqueue` takes it. */
  readonly payload: PayloadInput<Definition>;
  /** Of every job; default `normal`. */
  readonly priority?: Priority;
  /** A tick creates no job while an earlier one holds the key. */
  readonly unique?: NewUnique;
}

async function scheduleOf(definition: JobDefinition, schedule: DefinedSchedule<JobDefinition>): Promise<NewSchedule> {
  const { name = definition.type, cron, timeZone, enabled, catchUp, payload, ...settings } = schedule;
  await checkPayload(definition, payload);
  const job = { ...definition.defaults, ...settings, type: definition.type, payload };
  return {
    name,
    cron,
    job,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(catchUp === undefined ? {} : { catchUp }),
  };
}

/** What is to change of a schedule, and why. */
export interface ScheduleChanges extends Partial<Omit<NewSchedule, 'name' | 'job'>> {
  readonly job?: Partial<NewSchedule['job']>;
  /** Stored in the event. */
  readonly reason?: string;
}

export interface RunOptions extends CreateOptions {
  /** Stored in the event. */
  readonly reason?: string;
}

/** The outcome of the ticks up to `tickAt`. */
interface TickRecord {
  readonly tickAt: string;
  readonly jobIds: readonly string[];
  readonly skipped: number;
}

interface ScheduleDefinition {
  readonly cron: string;
  readonly timeZone: string;
  readonly job: JobTemplate;
  readonly enabled: boolean;
  readonly catchUp: { readonly policy: CatchUpPolicy; readonly limit: number };
}

interface JobTemplate {
  readonly type: string;
  readonly payload: unknown;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeoutMs: number;
  readonly tags: readonly string[];
  /** The settings that were left out: the definition of the type decides at each tick. */
  readonly unset?: readonly ('maxAttempts' | 'backoff' | 'timeoutMs')[];
  /** Left out for normal. */
  readonly priority?: 'high' | 'low';
  /** A tick creates no job while an earlier one holds its unique key. */
  readonly unique?: Unique;
}

/** A schedule as the API shows it. `version` is that of its definition. */
export interface Schedule extends ScheduleDefinition {
  readonly name: string;
  readonly tenant?: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastTick?: TickRecord;
  readonly nextTicks: readonly string[];
  /** The worker whose definition names it: of those of the last day, the one that started last. */
  readonly definedBy?: string;
  /** Only in the response to a creation or a replacement. */
  readonly warnings?: readonly Warning[];
}

/** The data of each event of a schedule, by its name. */
export interface ScheduleEventData {
  readonly ScheduleCreated: ScheduleDefinition & { readonly ticksFrom: string };
  readonly ScheduleUpdated: ScheduleDefinition & {
    readonly ticksFrom: string;
    readonly createdAt: string;
    /** Why an operator has changed it. */
    readonly reason?: string;
  };
  readonly ScheduleDeleted: object;
  readonly ScheduleTicked: TickRecord;
}

type ScheduleEventName = keyof ScheduleEventData;

/** An event of a schedule. */
export type ScheduleEvent = { readonly [Name in ScheduleEventName]: EventOf<Name> }[ScheduleEventName];

interface EventOf<Name extends ScheduleEventName> {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly v: 1;
  readonly event: Name;
  readonly id: string;
  readonly schedule: string;
  readonly version: number;
  readonly at: string;
  readonly actor: Actor;
  readonly causationId?: string;
  readonly correlationId?: string;
  readonly tenant?: string;
  readonly data: ScheduleEventData[Name];
}
