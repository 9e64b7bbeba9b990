import type { CallOptions } from './clientOptions.ts';
import { itemsOf } from './pages.ts';
import type { NewSchedule, Schedule, ScheduleEvent } from './schedule.ts';
import type { Transport } from './transport.ts';

export interface VersionedOptions extends CallOptions {
  /** Only if this is still its version; else ConflictError. */
  readonly ifVersion?: number;
}

/** Recurring jobs. Names that are not there are a NotFoundError. */
export class Schedules {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** ConflictError if the name is taken. */
  create(schedule: NewSchedule, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#transport.ask({
      method: 'POST',
      path: '/api/schedules',
      body: schedule,
      repeatable: false,
      signal,
    });
  }

  get(name: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#transport.ask({ path: pathOf(name), signal });
  }

  /** All schedules in the order of their names, page after page. */
  list({ signal }: CallOptions = {}): AsyncGenerator<Schedule, void, undefined> {
    return itemsOf((cursor) => this.#transport.ask({ path: '/api/schedules', query: { cursor }, signal }));
  }

  /** Replaces everything about a schedule; what is left out gets its default. */
  replace({ name, ...body }: NewSchedule, options: VersionedOptions = {}): Promise<Schedule> {
    return this.#transport.ask({ method: 'PUT', path: pathOf(name), body, ...versioned(options) });
  }

  async delete(name: string, options: VersionedOptions = {}): Promise<void> {
    await this.#transport.ask({ method: 'DELETE', path: pathOf(name), ...versioned(options), repeatable: false });
  }

  /** What happened to a schedule, newest first; also to a deleted one. */
  events(name: string, { signal }: CallOptions = {}): AsyncGenerator<ScheduleEvent, void, undefined> {
    return itemsOf((cursor) => this.#transport.ask({ path: `${pathOf(name)}/events`, query: { cursor }, signal }));
  }
}

/** Once it has had its effect, the version is another: the same request again would be refused. */
function versioned({ ifVersion, signal }: VersionedOptions) {
  if (ifVersion === undefined) return { signal };
  return { signal, headers: { 'if-match': `"${ifVersion}"` }, repeatable: false };
}

function pathOf(name: string): string {
  return `/api/schedules/${encodeURIComponent(name)}`;
}
