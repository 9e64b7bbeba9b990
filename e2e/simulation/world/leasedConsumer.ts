import type { Timer } from '@jobstream/eventlog';
import { MemoryMessage, type Subscriber, type WorkMessage } from '@jobstream/eventlog/testing/memoryParts';
import type { SeededRandom } from '../../chaos/seededRandom.ts';
import type { Mortal } from './mortal.ts';
import type { ConnectsQueues } from './remoteLog.ts';
import type { Surroundings } from './surroundings.ts';

/** Acknowledgements are written to the disk within this time. */
const UNSAVED_MS = 100;
const LONGEST_LEASE_MS = 30_000;

/** A message that calls for work, until it is acknowledged. */
interface Work {
  readonly message: WorkMessage;
  deliveries: number;
  /** It is delivered again when this ends; undefined while it waits for a delivery. */
  lease: Timer | undefined;
}

/** A queue of a process, with deliveries that are on their way to it. */
interface Line {
  readonly process: Mortal;
  arriving: number;
}

/** One delivery, of which what its worker says of it is a message of its own. */
class LeasedMessage extends MemoryMessage {
  readonly #extend: () => void;

  constructor(work: Work, serial: number, acts: LeaseActs) {
    super(work.message, { count: work.deliveries, serial }, (settlement) => {
      if (settlement.kind === 'done') acts.acknowledge();
      else acts.handBack(settlement.delayMs);
    });
    this.#extend = acts.extend;
  }

  override keepAlive(): void {
    this.#extend();
  }
}

interface LeaseActs {
  readonly acknowledge: () => void;
  readonly handBack: (delayMs: number) => void;
  readonly extend: () => void;
}

/**
 * Delivers the messages of one job type as nats-server does, over a network: to any worker with room, in any order, and again when
 * the wait for the acknowledgement is over, whatever has become of the worker. An acknowledgement counts from whichever delivery it
 * comes.
 */
export class LeasedConsumer implements ConnectsQueues {
  readonly #world: Surroundings;
  readonly #random: SeededRandom;
  readonly #calls: Map<string, string>;
  /** What was not acknowledged. */
  readonly #open = new Set<Work>();
  readonly #ready: Work[] = [];
  /** What was acknowledged within the last moment, which a server has not written down yet. */
  readonly #acknowledged = new Set<Work>();
  readonly #lines = new Map<Subscriber, Line>();
  #serial = 0;
  #pausedUntil = 0;

  /** Notes each timer that fires in `calls`. */
  constructor(world: Surroundings, random: SeededRandom, calls: Map<string, string>) {
    this.#world = world;
    this.#random = random;
    this.#calls = calls;
  }

  add(message: WorkMessage): void {
    if (message.subject.startsWith('timers.')) this.#calls.set(`timer:${message.sequence}`, message.subject);
    const work = { message, deliveries: 0, lease: undefined };
    this.#open.add(work);
    this.#ready.push(work);
    this.pull();
  }

  /** Only of processes: see `connect`. */
  subscribe(): void {
    throw new Error('a queue of the simulation belongs to a process');
  }

  /** Delivers to a queue of this process from now on. */
  connect(subscriber: Subscriber, process: Mortal): void {
    this.#lines.set(subscriber, { process, arriving: 0 });
    this.pull();
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#lines.delete(subscriber);
  }

  /** The server learns nothing of a death: what the queue holds comes back when its wait is over. */
  lose(subscriber: Subscriber): void {
    this.#lines.delete(subscriber);
  }

  /** Delivers nothing for this long: the job type is paused. */
  pause(ms: number): void {
    const until = this.#world.clock.now() + ms;
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
    this.#world.clock.setTimeout(() => this.pull(), ms);
  }

  pull(): void {
    while (this.#world.clock.now() >= this.#pausedUntil) {
      const free = [...this.#lines].filter(([subscriber, { arriving }]) => subscriber.available() > arriving);
      if (free.length === 0 || this.#ready.length === 0) return;
      const [work] = this.#ready.splice(this.#random.int(0, this.#ready.length - 1), 1);
      const [subscriber, line] = this.#random.pick(free);
      if (work !== undefined) this.#deliver(work, subscriber, line);
    }
  }

  /** Drops the messages of the log that it has lost: nobody is called by them any more. */
  forgetBefore(sequence: number): void {
    for (const work of this.#open) {
      if (work.message.sequence < sequence && work.message.subject.startsWith('jobs.')) this.#drop(work);
    }
  }

  /** What a server knows of its deliveries after a crash: it may have lost the last acknowledgements, and its counts. */
  recover(): void {
    for (const work of this.#acknowledged) if (this.#random.chance(1 / 2)) this.#open.add(work);
    this.#acknowledged.clear();
    for (const work of this.#open) {
      if (this.#random.chance(1 / 2)) work.deliveries = 0;
      if (!this.#ready.includes(work)) this.#lend(work, this.#random.int(0, LONGEST_LEASE_MS));
    }
  }

  #deliver(work: Work, subscriber: Subscriber, line: Line): void {
    const { process } = line;
    const { ackWaitMs } = subscriber;
    const place = ++this.#serial;
    work.deliveries++;
    const isDoubled = this.#world.network.chance('doubled');
    this.#lend(work, isDoubled ? this.#random.int(0, ackWaitMs) : ackWaitMs);
    line.arriving++;
    const { subject, sequence } = work.message;
    this.#world.trace.add('server', `delivers ${subject} ${sequence} #${work.deliveries} to ${process.name}`);
    const message = new LeasedMessage(work, place, this.#actsOn(work, process, ackWaitMs));
    // One that is lost takes no room for longer than the wait.
    const arrived = this.#once(() => line.arriving--, ackWaitMs);
    process.receive(() => {
      arrived();
      if (this.#lines.has(subscriber)) void subscriber.take(message).then(() => this.pull());
    });
  }

  #once(work: () => void, ms: number): () => void {
    let isDone = false;
    const once = () => {
      if (!isDone) work();
      isDone = true;
    };
    this.#world.clock.setTimeout(once, ms);
    return once;
  }

  #actsOn(work: Work, process: Mortal, ackWaitMs: number): LeaseActs {
    const act = (label: string, onArrival: () => void) =>
      process.send(() => {
        if (!this.#open.has(work)) return;
        if (label !== '') this.#world.trace.add(process.name, label, work.message.subject, `${work.message.sequence}`);
        onArrival();
      });
    return {
      acknowledge: () => act('acknowledges', () => this.#acknowledge(work)),
      handBack: (delayMs) => act(`hands back for ${delayMs} ms`, () => this.#comeBack(work, delayMs)),
      extend: () => act('', () => this.#comeBack(work, ackWaitMs)),
    };
  }

  #acknowledge(work: Work): void {
    this.#drop(work);
    this.#acknowledged.add(work);
    this.#world.clock.setTimeout(() => this.#acknowledged.delete(work), UNSAVED_MS);
  }

  #drop(work: Work): void {
    this.#open.delete(work);
    this.#world.clock.clearTimeout(work.lease);
    const waiting = this.#ready.indexOf(work);
    if (waiting >= 0) this.#ready.splice(waiting, 1);
  }

  /** Lets it be delivered again after this time, unless that is to happen already. */
  #comeBack(work: Work, ms: number): void {
    if (work.lease !== undefined) this.#lend(work, ms);
  }

  #lend(work: Work, ms: number): void {
    this.#world.clock.clearTimeout(work.lease);
    work.lease = this.#world.clock.setTimeout(() => this.#deliverAgain(work), ms);
  }

  #deliverAgain(work: Work): void {
    work.lease = undefined;
    if (this.#world.sabotage.redelivers === false) return;
    this.#ready.push(work);
    this.pull();
  }
}
