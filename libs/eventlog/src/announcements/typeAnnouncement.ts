import { decodeJobDefaults, type JobDefaults } from '@jobstream/domain';
import { blocksOf, type AnnouncedBlock } from './announcedBlock.ts';
import { signalsOf, type AnnouncedSignals } from './announcedSignals.ts';
import { MessageFields, type JsonSchema } from './messages/messageFields.ts';

/** What a worker announces of a job type that it runs. */
export interface TypeAnnouncement {
  readonly type: string;
  /** Unique to the process, e.g. `build-7-4711-9f3c2a`; the same as in its heartbeats. */
  readonly worker: string;
  readonly host: string;
  /** RFC 3339: when the worker started. */
  readonly startedAt: string;
  /** What the program of the worker is called. */
  readonly name?: string | undefined;
  /** The version of that program. */
  readonly version?: string | undefined;
  /** JSON Schema 2020-12 of a payload that may be sent. Absent: every payload. */
  readonly payloadSchema?: JsonSchema | undefined;
  /** The signals that its jobs take. Absent: none. */
  readonly signals?: AnnouncedSignals | undefined;
  /** JSON Schema 2020-12 of what a completed job returns. */
  readonly resultSchema?: JsonSchema | undefined;
  readonly limits: AnnouncedLimits;
  /** How long the consumers of the type shall wait for an acknowledgement, if this worker started last. */
  readonly ackWaitMs?: number | undefined;
  /** What the definition of the type gives to its jobs. Absent: the worker has no definition. */
  readonly defaults?: JobDefaults | undefined;
  /** The name of the schedule that the definition of the type names. */
  readonly schedule?: string | undefined;
  /** When the event loop of the worker was blocked while jobs of the type ran: the last 10 times. */
  readonly blocked?: readonly AnnouncedBlock[] | undefined;
  /** RFC 3339: when the worker ended in order. Absent: it has not, or could not say so. */
  readonly stoppedAt?: string | undefined;
}

/** The limits of one worker process. */
interface AnnouncedLimits {
  readonly concurrency: number;
  readonly rate?: { readonly starts: number; readonly perMs: number } | undefined;
}

/** What becomes of a payload that no announcement accepts: the job is refused, or created with a warning. */
export type PayloadCheck = 'refuse' | 'warn';

export const PAYLOAD_CHECKS: readonly PayloadCheck[] = ['refuse', 'warn'];

export function encodeTypeAnnouncement(announcement: TypeAnnouncement): string {
  return JSON.stringify({ v: 1, ...announcement });
}

/**
 * Decodes an announcement. One whose definition has a setting that no job may have counts as one without a definition, and
 * `onIgnored` is told why.
 *
 * @throws MalformedMessageError
 */
export function decodeTypeAnnouncement(body: string, onIgnored: (reason: string) => void): TypeAnnouncement {
  const fields = MessageFields.ofBody(body);
  return {
    type: fields.jobType('type'),
    worker: fields.text('worker'),
    host: fields.text('host'),
    startedAt: fields.instant('startedAt'),
    ...fields.optional('name', (name) => fields.text(name)),
    ...fields.optional('version', (name) => fields.text(name)),
    ...fields.optional('payloadSchema', (name) => fields.schema(name)),
    ...fields.optional('signals', (name) => signalsOf(fields.object(name))),
    ...fields.optional('resultSchema', (name) => fields.schema(name)),
    limits: limitsOf(fields.object('limits')),
    ...fields.optional('ackWaitMs', (name) => fields.count(name, 1)),
    ...defaultsOf(fields, onIgnored),
    ...fields.optional('schedule', (name) => fields.text(name)),
    ...fields.optional('blocked', (name) => blocksOf(fields.objects(name))),
    ...fields.optional('stoppedAt', (name) => fields.instant(name)),
  };
}

/** Reads `defaults`; without it, or where no job may have them, nothing. */
export function defaultsOf(
  fields: MessageFields,
  onIgnored: (reason: string) => void,
): { readonly defaults?: JobDefaults } {
  if (!fields.has('defaults')) return {};
  const decoded = decodeJobDefaults(fields.unchecked('defaults'));
  if ('defaults' in decoded) return decoded;
  onIgnored(`/defaults: ${decoded.problem}`);
  return {};
}

function limitsOf(fields: MessageFields): AnnouncedLimits {
  return {
    concurrency: fields.count('concurrency', 1),
    ...fields.optional('rate', (name) => {
      const rate = fields.object(name);
      return { starts: rate.count('starts', 1), perMs: rate.count('perMs', 1) };
    }),
  };
}
