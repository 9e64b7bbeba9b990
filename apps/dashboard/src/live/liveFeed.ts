import type { JobstreamClient } from '@jobstream/client';
import { type JobChange, jobChangeOf } from './jobChange.ts';

/** The newest change of each job that changed in a moment. */
export interface Moment {
  readonly changes: readonly JobChange[];
  /** Some changes are missing, because there were too many or the connection was lost: read again. */
  readonly incomplete: boolean;
}

type Listener = (moment: Moment) => void;

const NAME = 'jobstream-feed';
/** How long changes are gathered before the views are told. */
const MOMENT_MS = 250;
const MAX_CHANGES = 500;
const RECONNECT_MS = 2_000;

/**
 * What happens to jobs, as it happens: one connection for all tabs of a browser. The tab that holds a lock has it and
 * tells the others; when it closes, another takes its place.
 *
 * Memory is bounded however fast events come: a moment has the newest change of at most 500 jobs.
 */
export class LiveFeed {
  readonly #client: JobstreamClient;
  readonly #listeners = new Set<Listener>();
  #ending: AbortController | undefined;

  constructor(client: JobstreamClient) {
    this.#client = client;
  }

  /** Calls the listener with each moment; returns a function that unsubscribes. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#ending ??= this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#ending?.abort();
      this.#ending = undefined;
    };
  }

  #open(): AbortController {
    const ending = new AbortController();
    const { signal } = ending;
    const channel = new BroadcastChannel(NAME);
    channel.addEventListener('message', ({ data }: MessageEvent<Moment>) => this.#tell(data));
    signal.addEventListener('abort', () => channel.close());
    const lead = () => this.#lead(channel, signal);
    // Without TLS browsers offer no locks to pages of another machine: then each tab has a connection.
    const led = navigator.locks?.request(NAME, { signal }, lead) ?? lead();
    led.catch(() => undefined);
    return ending;
  }

  #tell(moment: Moment): void {
    for (const listener of this.#listeners) listener(moment);
  }

  async #lead(channel: BroadcastChannel, signal: AbortSignal): Promise<void> {
    const gathered = new Map<string, JobChange>();
    let incomplete = false;
    const publish = () => {
      if (gathered.size === 0 && !incomplete) return;
      const moment = { changes: [...gathered.values()], incomplete };
      gathered.clear();
      incomplete = false;
      this.#tell(moment);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
      channel.postMessage(moment);
    };
    const timer = setInterval(publish, MOMENT_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    while (!signal.aborted) {
      try {
        for await (const event of this.#client.events({ signal })) {
          if (gathered.size < MAX_CHANGES || gathered.has(event.jobId)) gathered.set(event.jobId, jobChangeOf(event));
          else incomplete = true;
        }
      } catch {
        incomplete = true; // the views say why, when they read again
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}
