import { setTimeout as pause } from 'node:timers/promises';
import type { MsgHdrs } from '@nats-io/transport-node';
import { LogUnavailableError } from '../errors.ts';
import type { Publisher, PublishOutcome } from './publisher.ts';

export interface Message {
  readonly subject: string;
  readonly body: string;
  readonly headers: MsgHdrs;
}

export type Refusal = Extract<PublishOutcome, { kind: 'refused' }>;

const PAUSE_MS = 50;
const NO_RESPONDERS = 503;

/**
 * Publishes until the message is stored or the server refuses it, and returns the refusal if any. An unknown outcome is
 * tried again, so the message must be one that may be stored twice: LogUnavailableError after the deadline.
 */
export async function storedPublish(
  publisher: Publisher,
  message: Message,
  deadlineMs: number,
): Promise<Refusal | undefined> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const outcome = await publishOnce(publisher, message);
    if (outcome.kind === 'stored') return undefined;
    if (outcome.kind === 'refused' && outcome.code !== NO_RESPONDERS) return outcome;
    if (performance.now() >= deadline) throw new LogUnavailableError(`a message on ${message.subject} was not stored`);
    await pause(PAUSE_MS);
  }
}

function publishOnce(publisher: Publisher, { subject, body, headers }: Message): Promise<PublishOutcome> {
  return new Promise((resolve) => publisher.publish(subject, Buffer.from(body), headers, resolve));
}
