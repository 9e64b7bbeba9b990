import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import type { DecodedDelivery } from '../queue/delivery.ts';

/** A trigger that has fired, held until it is acknowledged or handed back. Delivery is at-least-once. */
export interface FiredTrigger {
  /** The schedule that it fired for; undefined for all of them. */
  readonly schedule: string | undefined;
  /** When the server stored it: the instant that tells ticks on time from missed ones. */
  readonly firedAt: string;
  /** When the server fires for the schedule next, if the message says so. */
  readonly nextFireAt: string | undefined;
  /** Identifies the message, the same on each redelivery. */
  readonly id: string;
  ack(): void;
  /** Hands the message back, to be delivered again after `delayMs`. */
  nak(delayMs?: number): void;
  keepAlive(): void;
}

/** Set by the server on the messages of a cron schedule: the time of the next one. */
const NEXT = 'Nats-Schedule-Next';

/** Decodes a trigger fired by the server, or by a worker for all schedules (without a name). */
export function decodeTrigger(message: ConsumerMessage): DecodedDelivery<FiredTrigger> {
  const body = parse(message.text());
  if (body === undefined) return { kind: 'malformed', reason: 'not a trigger' };
  const delivery = {
    schedule: textIn(body, 'schedule'),
    firedAt: message.storedAt(),
    nextFireAt: instant(message.header(NEXT)) ?? instant(textIn(body, 'nextRing')),
    id: `alarm:${message.sequence}`,
    ack: () => message.ack(),
    nak: (delayMs?: number) => message.nak(delayMs),
    keepAlive: () => message.keepAlive(),
  };
  return { kind: 'delivery', delivery };
}

function parse(text: string): object | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function textIn(body: object, key: string): string | undefined {
  const value = (body as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' ? value : undefined;
}

function instant(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
