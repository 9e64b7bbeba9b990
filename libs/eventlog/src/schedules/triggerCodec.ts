import type { FiredTrigger } from './firedTrigger.ts';
import type { DecodedDelivery } from '../queue/deliveryCodec.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';

/** Set by the server on what a cron schedule fires: the time of its next ring. */
const NEXT = 'Nats-Schedule-Next';

/** An alarm as the server rings it, or as a worker rings it for all schedules (without a name). */
export function decodeTrigger(message: ConsumerMessage): DecodedDelivery<FiredTrigger> {
  const body = parse(message.text());
  if (body === undefined) return { problem: 'not an alarm', retry: false };
  return {
    delivery: {
      schedule: textIn(body, 'schedule'),
      firedAt: message.storedAt(),
      nextFireAt: instant(message.header(NEXT)) ?? instant(textIn(body, 'nextRing')),
      id: `alarm:${message.sequence}`,
      ack: () => message.ack(),
      nak: (delayMs) => message.nak(delayMs),
      keepAlive: () => message.keepAlive(),
    },
  };
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
