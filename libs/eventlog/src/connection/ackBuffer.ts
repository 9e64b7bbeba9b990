import type { NatsConnection } from '@nats-io/transport-node';
import type { TurnEnd } from './turnEnd.ts';

interface Ack {
  readonly subject: string;
  readonly body: Uint8Array;
}

/** Sends acknowledgements of deliveries, all of one turn of the event loop together. */
export class AckBuffer {
  readonly #nats: NatsConnection;
  readonly #turnEnd: TurnEnd;
  readonly #flush = () => this.flush();
  #pending: Ack[] = [];

  constructor(nats: NatsConnection, turnEnd: TurnEnd) {
    this.#nats = nats;
    this.#turnEnd = turnEnd;
  }

  /** Queues an acknowledgement for the end of this turn. While the connection is lost or closing it is dropped. */
  send(subject: string, body: Uint8Array): void {
    if (this.#pending.push({ subject, body }) === 1) this.#turnEnd.run(this.#flush);
  }

  /** Hands everything that is queued to the client now, e.g. before the connection closes. */
  flush(): void {
    const acks = this.#pending;
    this.#pending = [];
    if (this.#nats.isClosed() || this.#nats.isDraining()) return;
    for (const { subject, body } of acks) this.#nats.publish(subject, body);
  }
}
