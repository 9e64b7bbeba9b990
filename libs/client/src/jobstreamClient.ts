import type { CallOptions, ClientOptions } from './clientOptions.ts';
import { followEvents } from './followEvents.ts';
import type { JobEvent, JobEventName } from './jobEvent.ts';
import { Jobs } from './jobs.ts';
import { JobTypes } from './jobTypes.ts';
import { Schedules } from './schedules.ts';
import type { Stats } from './stats.ts';
import { Transport } from './transport.ts';

export interface FeedOptions extends CallOptions {
  /** Only jobs of these types. */
  readonly types?: readonly string[];
  /** Only these events. */
  readonly events?: readonly JobEventName[];
  /** Begins after the event with this sequence, 0 for the beginning of the log; if not given, with what happens next. */
  readonly after?: number;
}

/** A Jobstream API. Making one connects to nothing, and there is nothing to close. */
export class JobstreamClient {
  readonly jobs: Jobs;
  readonly schedules: Schedules;
  readonly types: JobTypes;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.jobs = new Jobs(this.#transport);
    this.schedules = new Schedules(this.#transport);
    this.types = new JobTypes(this.#transport);
  }

  /** What happens to all jobs, as it happens, in the order of the log: without a gap and without a double. */
  events({ signal, after, types, events }: FeedOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    const query = { type: types, event: events };
    return followEvents(this.#transport, { path: '/api/events', query, signal }, after);
  }

  stats({ signal }: CallOptions = {}): Promise<Stats> {
    return this.#transport.ask({ path: '/api/stats', signal });
  }
}
