import type { Schedule } from '@jobstream/test-support';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Publisher } from '@nats-io/nats-core';
import { MsgImpl } from '@nats-io/nats-core/internal';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { AckBuffer } from '../../src/connection/ackBuffer.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { TurnEnd } from '../../src/connection/turnEnd.ts';

/** A message of the stream that the consumers deliver; its sequence is its place in the array, from 1. */
export interface ConsumedMessage {
  readonly subject: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ConsumerFaults {
  /** How often the connection is lost and restored. */
  readonly outages: number;
  /** Which deliveries are lost on the way, counted over all consumers. */
  readonly lost: readonly number[];
  /** How often the server loses the consumer that is made next. */
  readonly deletions: number;
}

interface Pull {
  readonly reply: string;
  left: number;
}

interface Consumer {
  readonly name: string;
  readonly acknowledges: boolean;
  next: number;
  delivered: number;
  isServing: boolean;
  readonly pulls: Pull[];
  readonly redeliveries: number[];
  readonly deliveries: Map<number, number>;
  readonly waits: Map<number, NodeJS.Timeout>;
}

type Callback = (error: Error | null, message: Msg) => void;

const ACK = /^\$JS\.ACK\.JOBS\.([^.]+)\.\d+\.(\d+)\./;
const NEXT = /^\$JS\.API\.CONSUMER\.MSG\.NEXT\.[^.]+\.(.+)$/;

/**
 * A server with pull consumers, and the connection to it: requests, deliveries and acknowledgements arrive at points of a
 * schedule, those of one direction in the order in which they were sent.
 */
export class ScheduledConsumers {
  readonly messages: ConsumedMessage[] = [];
  /** Sequences that were acknowledged. */
  readonly acknowledged = new Set<number>();
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  /** Resolves when the last outage is over. */
  readonly healed: Promise<void>;
  readonly #schedule: Schedule;
  readonly #ackWaitMs: number;
  readonly #lost: ReadonlySet<number>;
  #deletions: number;
  #sentDeliveries = 0;
  readonly #consumers = new Map<string, Consumer>();
  readonly #subscriptions = new Map<string, Callback>();
  readonly #onReconnected = new Set<() => void>();
  #isConnected = true;
  #connections = 1;
  #isStopped = false;
  #sent: Promise<void> = Promise.resolve();
  #inboxes = 0;

  constructor(schedule: Schedule, { outages, lost, deletions }: ConsumerFaults, ackWaitMs = 10_000) {
    this.#schedule = schedule;
    this.#ackWaitMs = ackWaitMs;
    this.#lost = new Set(lost);
    this.#deletions = deletions;
    const nats = {
      info: undefined,
      isClosed: () => false,
      isDraining: () => false,
      subscribe: (subject: string, { callback }: { callback: Callback }) => this.#subscribe(subject, callback),
      publish: (subject: string, body: string | Uint8Array, options: { reply?: string } = {}) =>
        this.#send(subject, Buffer.from(body).toString(), options.reply ?? ''),
    };
    const turnEnd = new TurnEnd();
    this.connection = {
      nats,
      turnEnd,
      acks: new AckBuffer(nats as unknown as Connection['nats'], turnEnd),
      newInbox: () => `_INBOX.${++this.#inboxes}`,
      isConnected: () => this.#isConnected,
      onReconnected: (callback: () => void) => {
        this.#onReconnected.add(callback);
        return () => this.#onReconnected.delete(callback);
      },
    } as unknown as Connection;
    const add = (_stream: string, options: { name: string; opt_start_seq: number }) => this.#create(options);
    this.manager = { consumers: { add } } as unknown as JetStreamManager;
    this.healed = this.#loseConnections(outages);
  }

  /** Subscriptions and callbacks that were not taken back. */
  get open(): number {
    return this.#subscriptions.size + this.#onReconnected.size;
  }

  /** Makes a durable consumer, whose messages have to be acknowledged. */
  addDurable(name: string, { isEmpty = false } = {}): void {
    this.#consumers.set(name, consumerOf(name, { acknowledges: true, next: isEmpty ? Infinity : 1 }));
  }

  append(message: ConsumedMessage): void {
    this.messages.push(message);
    for (const consumer of this.#consumers.values()) void this.#serve(consumer);
  }

  /** Delivers nothing more, and ends the waits for acknowledgements. */
  stop(): void {
    this.#isStopped = true;
    for (const { waits } of this.#consumers.values()) for (const timer of waits.values()) clearTimeout(timer);
  }

  async #loseConnections(outages: number): Promise<void> {
    for (let outage = 0; outage < outages; outage++) {
      await this.#schedule.point('connection lost');
      this.#isConnected = false;
      this.#connections++;
      for (const { pulls } of this.#consumers.values()) pulls.length = 0;
      await this.#schedule.point('connection restored');
      this.#isConnected = true;
      for (const callback of this.#onReconnected) callback();
    }
  }

  #subscribe(subject: string, callback: Callback) {
    const prefix = subject.replace(/\.\*$/, '');
    this.#subscriptions.set(prefix, callback);
    const unsubscribe = () => void this.#subscriptions.delete(prefix);
    return { unsubscribe, drain: () => Promise.resolve(unsubscribe()) };
  }

  async #create({ name, opt_start_seq: next }: { name: string; opt_start_seq: number }): Promise<object> {
    if (!this.#isConnected) return new Promise(() => undefined);
    await this.#schedule.point('a consumer is made');
    this.#consumers.set(name, consumerOf(name, { acknowledges: false, next }));
    if (this.#deletions-- > 0) void this.#delete(name);
    return { num_pending: this.messages.length - next + 1 };
  }

  async #delete(name: string): Promise<void> {
    await this.#schedule.point('a consumer is lost');
    const [pull] = this.#consumers.get(name)?.pulls ?? [];
    this.#consumers.delete(name);
    if (pull !== undefined && this.#isConnected)
      this.#deliverTo(pull.reply, statusOf(pull.reply, 409, 'Consumer Deleted'));
  }

  /** What is sent over one connection arrives in order. */
  #send(subject: string, body: string, reply: string): void {
    const connection = this.#connections;
    if (!this.#isConnected) return;
    const label = subject.startsWith('$JS.ACK') ? 'an acknowledgement arrives' : 'a pull request arrives';
    this.#sent = this.#sent
      .then(() => this.#schedule.point(label))
      .then(() => this.#receive(connection, subject, body, reply));
  }

  #receive(connection: number, subject: string, body: string, reply: string): void {
    if (connection !== this.#connections) return;
    const [, acknowledging = '', sequence] = ACK.exec(subject) ?? [];
    if (sequence !== undefined) return this.#settle(this.#consumers.get(acknowledging), Number(sequence), body);
    this.#request(this.#consumers.get(NEXT.exec(subject)?.[1] ?? ''), body, reply);
  }

  #request(consumer: Consumer | undefined, body: string, reply: string): void {
    if (consumer === undefined) return;
    const { batch } = JSON.parse(body) as { batch: number };
    consumer.pulls.push({ reply, left: batch });
    void this.#serve(consumer);
  }

  /** Only an acknowledgement counts for a message whose wait is over. */
  #settle(consumer: Consumer | undefined, sequence: number, body: string): void {
    if (consumer === undefined) return;
    if (body.startsWith('+ACK') || body.startsWith('+TERM')) this.acknowledged.add(sequence);
    const wait = consumer.waits.get(sequence);
    clearTimeout(wait);
    consumer.waits.delete(sequence);
    if (wait === undefined || this.acknowledged.has(sequence)) return;
    if (body.startsWith('+WPI')) this.#await(consumer, sequence);
    else this.#redeliver(consumer, sequence);
  }

  #await(consumer: Consumer, sequence: number): void {
    if (this.#isStopped) return;
    consumer.waits.set(
      sequence,
      setTimeout(() => this.#redeliver(consumer, sequence), this.#ackWaitMs),
    );
  }

  #redeliver(consumer: Consumer, sequence: number): void {
    consumer.waits.delete(sequence);
    if (!this.acknowledged.has(sequence)) consumer.redeliveries.push(sequence);
    void this.#serve(consumer);
  }

  /** Delivers what was requested, one message after the other. */
  async #serve(consumer: Consumer): Promise<void> {
    if (consumer.isServing || this.#isStopped) return;
    consumer.isServing = true;
    for (;;) {
      const pull = consumer.pulls.find(({ left }) => left > 0);
      const sequence = consumer.redeliveries[0] ?? consumer.next;
      if (pull === undefined || sequence > this.messages.length) break;
      if (consumer.redeliveries.length > 0) consumer.redeliveries.shift();
      else consumer.next++;
      pull.left--;
      await this.#deliver(consumer, sequence, pull.reply);
    }
    consumer.isServing = false;
  }

  async #deliver(consumer: Consumer, sequence: number, reply: string): Promise<void> {
    const count = (consumer.deliveries.get(sequence) ?? 0) + 1;
    consumer.deliveries.set(sequence, count);
    const message = messageOf(this.messages[sequence - 1], {
      consumer: consumer.name,
      count,
      sequence,
      delivered: ++consumer.delivered,
    });
    const connection = this.#connections;
    if (consumer.acknowledges) this.#await(consumer, sequence);
    const isLost = this.#lost.has(++this.#sentDeliveries);
    await this.#schedule.point(`message ${sequence} arrives${isLost ? ' nowhere' : ''}`);
    if (!isLost && connection === this.#connections) this.#deliverTo(reply, message);
  }

  #deliverTo(reply: string, message: Msg): void {
    const callback = this.#subscriptions.get(reply) ?? this.#subscriptions.get(reply.replace(/\.\d+$/, ''));
    callback?.(null, message);
  }
}

function consumerOf(name: string, { acknowledges, next }: Pick<Consumer, 'acknowledges' | 'next'>): Consumer {
  const state = {
    pulls: [],
    redeliveries: [],
    deliveries: new Map<number, number>(),
    waits: new Map<number, NodeJS.Timeout>(),
  };
  return { name, acknowledges, next, delivered: 0, isServing: false, ...state };
}

/** Messages are settled by the subject that they name, not by themselves. */
const NOBODY: Publisher = { publish: () => undefined };

interface Place {
  readonly consumer: string;
  readonly count: number;
  readonly sequence: number;
  readonly delivered: number;
}

function messageOf(stored: ConsumedMessage | undefined, { consumer, count, sequence, delivered }: Place): Msg {
  const { subject = '', text = '', headers = {} } = stored ?? {};
  const reply = `$JS.ACK.JOBS.${consumer}.${count}.${sequence}.${delivered}.${sequence * 1_000_000_000}.0`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `NATS/1.0\r\n${lines.join('')}\r\n`;
  const bytes = Buffer.from(head + text);
  const place = { subject: Buffer.from(subject), reply: Buffer.from(reply), sid: 1, hdr: head.length };
  return new MsgImpl({ ...place, size: bytes.length }, bytes, NOBODY) as Msg;
}

function statusOf(subject: string, code: number, description: string): Msg {
  const headers = { code, description, get: () => '' } as unknown as MsgHdrs;
  return { subject, headers, data: new Uint8Array() } as unknown as Msg;
}
