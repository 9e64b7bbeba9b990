/** One ring of the server's alarm clock, held until it is acknowledged or handed back. It may come more than once. */
export interface FiredTrigger {
  /** The schedule that it rings for; undefined for all of them. */
  readonly schedule: string | undefined;
  /** When the server stored it: the instant by which ticks are on time or missed. */
  readonly firedAt: string;
  /** When the server will ring for the schedule next by itself, as far as it said so. */
  readonly nextFireAt: string | undefined;
  /** Names this message, the same on each redelivery. */
  readonly id: string;
  ack(): void;
  /** Hands the message back, to be delivered again after `delayMs`. */
  nak(delayMs?: number): void;
  keepAlive(): void;
}
