import type { HoldingDefinition } from '@jobstream/domain';
import { signalsOf, type AnnouncedSignals } from './announcedSignals.ts';
import { MalformedMessageError, MessageFields } from './messages/messageFields.ts';
import { defaultsOf } from './typeAnnouncement.ts';

/** The definition of a job type as it is kept in the log: it outlives the announcement that it comes from. */
export interface KeptDefinition extends HoldingDefinition {
  /** RFC 3339: when its worker started. */
  readonly startedAt: string;
  /** The signals that jobs of the type take. Absent: none, or those of a worker of an earlier release, which announced none. */
  readonly signals?: AnnouncedSignals;
}

export function encodeKeptDefinition({ worker, startedAt, defaults, signals }: KeptDefinition): string {
  return JSON.stringify({ v: 1, worker, startedAt, defaults, signals });
}

/** @throws MalformedMessageError */
export function decodeKeptDefinition(body: string): KeptDefinition {
  const fields = MessageFields.ofBody(body);
  const { defaults = {} } = defaultsOf(fields, refuse);
  return {
    worker: fields.text('worker'),
    startedAt: fields.instant('startedAt'),
    defaults,
    ...fields.optional('signals', (name) => signalsOf(fields.object(name))),
  };
}

function refuse(reason: string): never {
  throw new MalformedMessageError(reason);
}
