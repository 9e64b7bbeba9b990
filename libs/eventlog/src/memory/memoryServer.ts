import { callsForWork, type JobEvent } from '@jobstream/domain';
import { type Claim, claimRequest, jobAppendRequest } from '../append/appendRequest.ts';
import { assertFits } from '../append/appendLimiter.ts';
import { TRACEPARENT } from '../connection/headers.ts';
import type { Timer } from '../connection/processTimers.ts';
import type { StoredMessage } from '../read/directReader.ts';
import { dueSubject, wakeSubject } from '../streams/jobSubjects.ts';
import type { Wake } from '../timers/timerScheduler.ts';
import { type Deliverer, MemoryConsumer } from './memoryConsumer.ts';
import { MemoryStream } from './memoryStream.ts';
import type { VirtualClock } from './virtualClock.ts';

/** What may look at each event as it is stored. */
export type StoredListener = (event: JobEvent) => void;

/** An event to store behind the event at `expected`, and what its unique key is claimed with. */
export interface NewEvent {
  readonly event: JobEvent;
  readonly expected: number;
  readonly claim?: Claim | undefined;
}

export interface MemoryServerOptions {
  /** Whether messages that call for work are delivered at once; else from `deliver` on. Default: true. */
  readonly delivers?: boolean;
  /** Makes what delivers the messages of a job type; default: a MemoryConsumer. */
  readonly consumer?: (jobType: string, mayDeliver: () => boolean) => Deliverer;
}

/**
 * What a nats-server has for workers, in memory and in the time of a virtual clock: the stream JOBS, the timers, and a
 * consumer for each job type. A process uses it through a MemoryEventLog.
 */
export class MemoryServer {
  readonly clock: VirtualClock;
  readonly stream = new MemoryStream();
  /** Whether messages that call for work are delivered; else they wait until `deliver`. */
  #delivers: boolean;
  readonly #newConsumer: NonNullable<MemoryServerOptions['consumer']>;
  readonly #consumers = new Map<string, Deliverer>();
  readonly #timers = new Map<string, Timer>();
  readonly #listeners = new Set<StoredListener>();
  #firedTimers = 0;

  constructor(clock: VirtualClock, { delivers = true, consumer }: MemoryServerOptions = {}) {
    this.clock = clock;
    this.#delivers = delivers;
    this.#newConsumer = consumer ?? ((_jobType, mayDeliver) => new MemoryConsumer(clock, mayDeliver));
  }

  /** Delivers from now on, or no more. */
  deliver(delivers: boolean): void {
    this.#delivers = delivers;
    if (delivers) for (const consumer of this.#consumers.values()) consumer.pull();
  }

  /** Calls back with each event that is stored; returns a function that ends this. */
  onStored(listener: StoredListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stores all of the events or none, and returns the sequence of the first. @throws ConcurrentAppendError, EventTooLargeError */
  append(events: readonly NewEvent[], traceparent: string | undefined): number {
    const appends = events.map(({ event, expected, claim }) => {
      const request = jobAppendRequest(event, traceparent);
      assertFits(Buffer.from(request.text));
      return { request, expected, claim: claim && claimRequest(claim, event) };
    });
    const messages = this.stream.append(appends, this.clock.now());
    for (const [index, { event }] of events.entries()) this.#tell(event, messages[index]);
    return messages[0]?.sequence ?? this.stream.lastSequence;
  }

  /** Replaces an earlier timer of the job. */
  scheduleWake(wake: Wake, traceparent: string | undefined): void {
    const subject = wakeSubject(wake.jobId, wake.jobType);
    this.clock.clearTimeout(this.#timers.get(subject));
    const fire = () => {
      this.#timers.delete(subject);
      this.wakeNow(wake, traceparent);
    };
    this.#timers.set(subject, this.clock.setTimeout(fire, Date.parse(wake.at) - this.clock.now()));
  }

  /** Delivers a job as its timer would; the timer stays as it is. */
  wakeNow(wake: Wake, traceparent: string | undefined): void {
    const header = (name: string) => (name === TRACEPARENT ? traceparent : undefined);
    this.consumer(wake.jobType).add({
      sequence: ++this.#firedTimers,
      subject: dueSubject(wake.jobType, wake.priority),
      text: JSON.stringify(wake),
      header,
      storedAt: this.clock.now(),
    });
  }

  consumer(jobType: string): Deliverer {
    const found = this.#consumers.get(jobType);
    if (found !== undefined) return found;
    const consumer = this.#newConsumer(jobType, () => this.#delivers);
    this.#consumers.set(jobType, consumer);
    return consumer;
  }

  #tell(event: JobEvent, message: StoredMessage | undefined): void {
    if (message === undefined) return;
    const { sequence, subject, text, header } = message;
    const work = { sequence, subject, text, header, storedAt: this.clock.now() };
    if (callsForWork(event.event)) this.consumer(event.jobType).add(work);
    for (const listener of this.#listeners) listener(event);
  }
}
