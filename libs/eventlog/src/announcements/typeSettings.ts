import { MessageFields } from './messages/messageFields.ts';
import { PAYLOAD_CHECKS, type PayloadCheck } from './typeAnnouncement.ts';

/** What an operator has set for a job type, or that it was removed: then its earlier announcements do not count. */
export interface TypeSettings {
  readonly payloadCheck?: PayloadCheck;
  readonly removed?: boolean;
}

export function encodeTypeSettings(settings: TypeSettings): string {
  return JSON.stringify({ v: 1, ...settings });
}

/** @throws MalformedMessageError */
export function decodeTypeSettings(body: string): TypeSettings {
  const fields = MessageFields.ofBody(body);
  return {
    ...fields.optional('payloadCheck', (name) => fields.oneOf(name, PAYLOAD_CHECKS)),
    ...fields.optional('removed', (name) => fields.oneOf(name, [true, false])),
  };
}
