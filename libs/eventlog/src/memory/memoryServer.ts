import { callsForWork, type JobEvent } from '@jobstream/domain';
import { jobAppendRequest } from '../append/appendRequest.ts';
import { assertFits } from '../append/appendLimiter.ts';
import { TRACEPARENT } from '../connection/headers.ts';
import type { Timer } from '../connection/processTimers.ts';
import type { StoredMessage } from '../read/directReader.ts';
import { dueSubject, wakeSubject } from '../streams/jobSubjects.ts';
import type { Wake } from '../timers/timerScheduler.ts';
import { MemoryConsumer } from './memoryConsumer.ts';
import { MemoryStream } from './memoryStream.ts';
import type { VirtualClock } from './virtualClock.ts';

/** What may look at each event as it is stored. */
export type StoredListener = (event: JobEvent) => void;

/**
 * What a nats-server has for workers, in memory and in the time of a virtual clock: the stream JOBS, the timers, and a
 * consumer for each job type. A process uses it through a MemoryEventLog.
 */
export class MemoryServer {
  readonly clock: VirtualClock;
  readonly stream = new MemoryStream();
  /** Whether messages that call for work are delivered; else they wait until `deliver`. */
  #delivers: boolean;
  readonly #consumers = new Map<string, MemoryConsumer>();
  readonly #timers = new Map<string, Timer>();
  readonly #listeners = new Set<StoredListener>();
  #firedTimers = 0;

  constructor(clock: VirtualClock, { delivers = true } = {}) {
    this.clock = clock;
    this.#delivers = delivers;
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

  /** @throws ConcurrentAppendError, EventTooLargeError */
  append(event: JobEvent, expected: number, traceparent: string | undefined): number {
    const request = jobAppendRequest(event, traceparent);
    assertFits(Buffer.from(request.text));
    const message = this.stream.append(request, expected, this.clock.now());
    if (callsForWork(event.event)) this.#callForWork(event.jobType, message);
    for (const listener of this.#listeners) listener(event);
    return message.sequence;
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

  consumer(jobType: string): MemoryConsumer {
    const found = this.#consumers.get(jobType);
    if (found !== undefined) return found;
    const consumer = new MemoryConsumer(this.clock, () => this.#delivers);
    this.#consumers.set(jobType, consumer);
    return consumer;
  }

  #callForWork(jobType: string, { sequence, subject, text, header }: StoredMessage): void {
    this.consumer(jobType).add({ sequence, subject, text, header, storedAt: this.clock.now() });
  }
}
