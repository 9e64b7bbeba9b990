import type { HoldingDefinition } from '@jobstream/domain';
import { MalformedMessageError, MessageFields } from './messages/messageFields.ts';
import { defaultsOf } from './typeAnnouncement.ts';

/** The definition of a job type as it is kept in the log: it outlives the announcement that it comes from. */
export interface KeptDefinition extends HoldingDefinition {
  /** RFC 3339: when its worker started. */
  readonly startedAt: string;
}

export function encodeKeptDefinition({ worker, startedAt, defaults }: KeptDefinition): string {
  return JSON.stringify({ v: 1, worker, startedAt, defaults });
}

/** @throws MalformedMessageError */
export function decodeKeptDefinition(body: string): KeptDefinition {
  const fields = MessageFields.ofBody(body);
  const { defaults = {} } = defaultsOf(fields, refuse);
  return { worker: fields.text('worker'), startedAt: fields.instant('startedAt'), defaults };
}

function refuse(reason: string): never {
  throw new MalformedMessageError(reason);
}
