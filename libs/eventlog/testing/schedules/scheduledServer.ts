import type { Schedule } from '@jobstream/test-support';
import type { MsgHdrs } from '@nats-io/transport-node';
import { array, constantFrom, integer, record, type Arbitrary } from 'fast-check';
import type { Connection } from '../../src/connection/connection.ts';
import { TurnEnd } from '../../src/connection/turnEnd.ts';
import type { BatchPublisher, OnOutcome, PublishOutcome } from '../../src/connection/publisher.ts';
import { encodedBytes, headerOf, ModelStream, type ModelMessage } from './modelStream.ts';

/**
 * What becomes of a request: it is answered; its answer is lost; it is reported as lost and arrives before or after that;
 * it is lost; no stream is there for it.
 */
type Fate = 'answered' | 'answer lost' | 'late' | 'lost' | 'without stream';

/** What goes wrong, in the order of the requests; all later ones are answered. */
export interface Faults {
  readonly publishes: readonly Fate[];
  readonly lookUps: readonly Fate[];
  /** How often the connection is lost and restored. */
  readonly outages: number;
}

const fates = (...faults: readonly Fate[]) => array(constantFrom('answered' as const, ...faults), { maxLength: 12 });

export const arbitraryFaults: Arbitrary<Faults> = record({
  publishes: fates('answer lost', 'late', 'lost', 'without stream'),
  lookUps: fates('answer lost', 'lost'),
  outages: integer({ min: 0, max: 2 }),
});

/** How long a client waits for the answer to a look-up, at most. */
interface RequestOptions {
  readonly timeout: number;
}

const UNKNOWN: PublishOutcome = { kind: 'unknown', reason: 'lost' };
const WITHOUT_STREAM: PublishOutcome = { kind: 'refused', code: 503, description: 'no stream listens' };

/** A server with one stream, and the connection to it: all that it does takes place at points of a schedule. */
export class ScheduledServer {
  readonly stream = new ModelStream();
  /** The bodies that were sent, with the time of sending. */
  readonly sent: { readonly text: string; readonly at: number }[] = [];
  readonly #schedule: Schedule;
  readonly #faults: { publishes: Fate[]; lookUps: Fate[] };
  readonly #turnEnd = new TurnEnd();
  readonly #pending = new Set<OnOutcome>();
  readonly #batches = new Map<string, ModelMessage[]>();
  readonly #onReconnected = new Set<() => void>();
  #isConnected = true;
  /** Resolves when the last outage is over. */
  readonly healed: Promise<void>;

  constructor(schedule: Schedule, { publishes, lookUps, outages }: Faults) {
    this.#schedule = schedule;
    this.#faults = { publishes: [...publishes], lookUps: [...lookUps] };
    this.healed = this.#loseConnections(outages);
  }

  readonly publisher: BatchPublisher = {
    publish: (subject, body, headers, onOutcome) => void this.#publish({ subject, body, headers }, onOutcome),
    publishWithoutAck: (subject, body, headers) => {
      this.#noteSent(body);
      this.#batchOf(headers).push({ subject, body, headers });
    },
  };

  /** As much of a connection as appends need. */
  get connection(): Connection {
    const connection = {
      turnEnd: this.#turnEnd,
      isConnected: () => this.#isConnected,
      onReconnected: (callback: () => void) => {
        this.#onReconnected.add(callback);
        return () => this.#onReconnected.delete(callback);
      },
      nats: {
        info: undefined,
        request: (_: string, query: string, options: RequestOptions) => this.#lookUp(query, options),
      },
    };
    return connection as unknown as Connection;
  }

  async #loseConnections(outages: number): Promise<void> {
    for (let outage = 0; outage < outages; outage++) {
      await this.#schedule.point('connection lost');
      this.#isConnected = false;
      const pending = [...this.#pending];
      this.#pending.clear();
      for (const onOutcome of pending) onOutcome(UNKNOWN);
      await this.#schedule.point('connection restored');
      this.#isConnected = true;
      for (const callback of this.#onReconnected) callback();
    }
  }

  #noteSent(body: Uint8Array): void {
    this.sent.push({ text: Buffer.from(body).toString(), at: performance.now() });
  }

  #batchOf(headers: MsgHdrs): ModelMessage[] {
    const id = headerOf(headers, 'Nats-Batch-Id');
    if (id === undefined) return [];
    const batch = this.#batches.get(id) ?? [];
    this.#batches.set(id, batch);
    return batch;
  }

  async #publish(message: ModelMessage, onOutcome: OnOutcome): Promise<void> {
    this.#noteSent(message.body);
    const batch = [...this.#batchOf(message.headers), message];
    const fate = this.#isConnected ? (this.#faults.publishes.shift() ?? 'answered') : 'lost';
    this.#pending.add(onOutcome);
    const settle = (outcome: PublishOutcome) => {
      if (this.#pending.delete(onOutcome)) onOutcome(outcome);
    };
    if (fate === 'late') void this.#schedule.point('publish reported as lost').then(() => settle(UNKNOWN));
    await this.#schedule.point(`publish arrives (${fate})`);
    const outcome = fate === 'lost' ? UNKNOWN : fate === 'without stream' ? WITHOUT_STREAM : this.stream.take(batch);
    await this.#schedule.point('its answer arrives');
    settle(fate === 'answer lost' ? UNKNOWN : outcome);
  }

  /** A look-up whose answer was lost fails when its time is over, since the client library does not report the loss. */
  async #lookUp(query: string, { timeout }: RequestOptions): Promise<{ json: () => unknown }> {
    const fate = this.#isConnected ? (this.#faults.lookUps.shift() ?? 'answered') : 'lost';
    if (fate !== 'answered') {
      await new Promise((resolve) => setTimeout(resolve, timeout));
      throw new Error('timeout');
    }
    await this.#schedule.point('look-up arrives');
    const answer = this.#answer(query);
    await this.#schedule.point('its answer arrives');
    return { json: () => answer };
  }

  #answer(query: string): unknown {
    const { last_by_subj: filter, seq } = JSON.parse(query) as { last_by_subj?: string; seq?: number };
    const found = filter === undefined ? this.stream.messages[Number(seq) - 1] : this.stream.last(filter);
    if (found === undefined) return { error: { err_code: 10_037, description: 'no message found' } };
    const { sequence, subject, body, headers } = found;
    const data = Buffer.from(body).toString('base64');
    const hdrs = Buffer.from(encodedBytes(headers)).toString('base64');
    return { message: { seq: sequence, subject, time: new Date(0).toISOString(), data, hdrs } };
  }
}
