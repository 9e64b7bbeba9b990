import type { NatsConnection } from '@nats-io/transport-node';

interface Ack {
  readonly subject: string;
  readonly body: Uint8Array;
}

/**
 * Sends acknowledgements of deliveries, all of one turn of the event loop together: the client writes to its socket after
 * every microtask that publishes, and a write costs several times as much as the message in it (measured: 30 of the 74 µs
 * of an attempt).
 */
export class AckBuffer {
  readonly #nats: NatsConnection;
  #pending: Ack[] = [];

  constructor(nats: NatsConnection) {
    this.#nats = nats;
  }

  /** Queues an acknowledgement for the end of this turn. While the connection is lost or closing it is dropped. */
  send(subject: string, body: Uint8Array): void {
    if (this.#pending.push({ subject, body }) === 1) setImmediate(() => this.flush());
  }

  /** Hands everything that is queued to the client now, e.g. before the connection closes. */
  flush(): void {
    const acks = this.#pending;
    this.#pending = [];
    if (this.#nats.isClosed() || this.#nats.isDraining()) return;
    for (const { subject, body } of acks) this.#nats.publish(subject, body);
  }
}
