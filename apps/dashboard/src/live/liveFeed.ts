import { InvalidRequestError, type JobEvent, type JobstreamClient } from '@jobstream/client';
import { FeedGathering, type Gathered } from './feedGathering.ts';
import type { JobChange } from './jobChange.ts';

/** The newest change of each job that changed in 250 ms. */
export interface ChangeBatch {
  readonly changes: readonly JobChange[];
  /** Changes were missed, and the table has them by now: read again. */
  readonly incomplete: boolean;
}

type Listener = (batch: ChangeBatch) => void;

const NAME = 'jobstream-feed';
/** How long changes are gathered before the views are told. */
const GATHER_MS = 250;
const RECONNECT_MS = 2_000;
/** What a tab says that begins to listen. */
const GREETING = 'from which position do you tell?';

/**
 * What happens to jobs, as it happens: one connection for all tabs of a browser. The tab that holds a lock has it and
 * tells the others; when it closes, another takes its place, after the last event that it has heard of.
 *
 * It begins after what lists show that are read from now on, so that between both nothing is lost. Memory is bounded
 * however fast events come; what is left out is made good by reading again, once the table has it.
 */
export class LiveFeed {
  readonly #client: JobstreamClient;
  readonly #listeners = new Set<Listener>();
  #ending: AbortController | undefined;
  /** The sequence of the last event that this tab knows of, be it from a list. */
  #position: number | undefined;
  /** Changes until here were missed. */
  #missed: number | undefined;

  constructor(client: JobstreamClient) {
    this.#client = client;
  }

  /** Calls the listener with each batch; returns a function that unsubscribes. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#ending ??= this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#ending?.abort();
      this.#ending = this.#position = this.#missed = undefined;
    };
  }

  /** Tells that lists which are read from now on show all events until this sequence. */
  noteTable(position: number): void {
    this.#position ??= position;
    if (this.#missed === undefined || this.#missed > position) return;
    this.#missed = undefined;
    this.#tell({ changes: [], incomplete: true });
  }

  #open(): AbortController {
    const ending = new AbortController();
    const { signal } = ending;
    const channel = new BroadcastChannel(NAME);
    channel.addEventListener('message', ({ data }: MessageEvent<Gathered | typeof GREETING>) => {
      if (data !== GREETING) this.#receive(data);
    });
    post(channel, GREETING);
    signal.addEventListener('abort', () => channel.close());
    const lead = () => this.#lead(channel, signal);
    // Without TLS browsers offer no locks to pages of another machine: then each tab has a connection.
    const led = navigator.locks?.request(NAME, { signal }, lead) ?? lead();
    led.catch(() => undefined);
    return ending;
  }

  #receive({ changes, after, until, dropped }: Gathered): void {
    if (dropped || after === undefined || this.#position === undefined || after > this.#position) this.#missed = until;
    this.#position = Math.max(until, this.#position ?? 0);
    if (changes.length > 0) this.#tell({ changes, incomplete: false });
  }

  #tell(batch: ChangeBatch): void {
    for (const listener of this.#listeners) listener(batch);
  }

  async #lead(channel: BroadcastChannel, signal: AbortSignal): Promise<void> {
    const gathering = new FeedGathering();
    const publish = () => {
      const gathered = gathering.take();
      if (gathered === undefined) return;
      this.#receive(gathered);
      post(channel, gathered);
    };
    channel.addEventListener('message', ({ data }) => data === GREETING && gathering.answer());
    const timer = setInterval(publish, GATHER_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    while (!signal.aborted) {
      gathering.begin(this.#position);
      try {
        for await (const event of this.#events(signal)) gathering.add(event);
      } catch (error) {
        if (signal.aborted) return;
        // A log that was restored may end before it. Of other failures the page tells, which asks by itself.
        if (error instanceof InvalidRequestError) this.#position = undefined;
      }
      publish();
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }

  #events(signal: AbortSignal): AsyncIterable<JobEvent> {
    const after = this.#position;
    return this.#client.events({ signal, ...(after === undefined ? {} : { after }) });
  }
}

function post(channel: BroadcastChannel, message: Gathered | typeof GREETING): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
  channel.postMessage(message);
}
