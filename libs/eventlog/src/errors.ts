/** Another writer appended to the job or schedule first; nothing was stored. Read the state again and decide again. */
export class ConcurrentAppendError extends Error {
  readonly code = 'CONCURRENT_APPEND';

  constructor(owner: string, expectedSequence: number, options?: ErrorOptions) {
    super(`${owner} has moved on from sequence ${expectedSequence}`, options);
    this.name = 'ConcurrentAppendError';
  }
}

/**
 * The event log did not answer in time, or is not connected. An append that failed with it may or may not be stored. Report
 * the failure as temporary, or retry: read the job first, since its events tell whether the append was stored.
 */
export class LogUnavailableError extends Error {
  readonly code = 'LOG_UNAVAILABLE';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the event log is not available: ${detail}`, options);
    this.name = 'LogUnavailableError';
  }
}

/** The error of what is used before it is started. */
export function notStarted(): LogUnavailableError {
  return new LogUnavailableError('it is not started');
}

/**
 * No server of the log could be reached at the start, or it refused the credentials. The message says in one line which server, why,
 * and what to do: write it where an operator reads it, without the stack.
 */
export class LogUnreachableError extends LogUnavailableError {
  /** Why, in words for the middle of a sentence. */
  readonly reason: string;

  constructor({ wrong, reason, remedy }: Unreachable, options?: ErrorOptions) {
    super(wrong, options);
    this.name = 'LogUnreachableError';
    this.message = `${wrong} ${remedy}`;
    this.reason = reason;
  }
}

/** What an operator is told, each in a sentence, and the reason alone. */
interface Unreachable {
  readonly wrong: string;
  readonly reason: string;
  readonly remedy: string;
}

/** Too many appends are pending; nothing was sent. Shed the load, and retry after a pause. */
export class LogOverloadedError extends Error {
  readonly code = 'LOG_OVERLOADED';

  constructor(pending: number) {
    super(`${pending} appends are pending already`);
    this.name = 'LogOverloadedError';
  }
}

/** The event is larger than the server's `max_payload` allows; nothing was sent. Reject the input, a retry cannot succeed. */
export class EventTooLargeError extends Error {
  readonly code = 'EVENT_TOO_LARGE';

  constructor(bytes: number, limit: number) {
    super(`the event has ${bytes} bytes, the server takes at most ${limit}`);
    this.name = 'EventTooLargeError';
  }
}

/** Too many job types have jobs of another priority than normal already; nothing was stored. Reject the input: see docs/api.md. */
export class TooManyPriorityTypesError extends Error {
  readonly code = 'TOO_MANY_PRIORITY_TYPES';

  constructor(most: number) {
    super(`${most} job types have jobs of high or low priority already, and no more may`);
    this.name = 'TooManyPriorityTypesError';
  }
}

/** Too many job types have priorities or signals already; nothing was stored. Reject the input: see docs/api.md. */
export class TooManySignalTypesError extends Error {
  readonly code = 'TOO_MANY_SIGNAL_TYPES';

  constructor() {
    super('too many job types have priorities or signals already, and no more may');
    this.name = 'TooManySignalTypesError';
  }
}

/** The server is too old: it would ignore expectations and schedules without an error. Do not start; upgrade the server. */
export class UnsupportedServerError extends Error {
  readonly code = 'UNSUPPORTED_SERVER';

  constructor(version: string, minimum: string) {
    super(
      `nats-server ${minimum} or newer is needed, but this is ${version}: it would silently ignore expectations and schedules`,
    );
    this.name = 'UnsupportedServerError';
  }
}

/**
 * A stream or consumer exists with settings that contradict the required ones; `differences` has a line for each. Do not
 * start; an operator must decide.
 */
export class StreamMismatchError extends Error {
  readonly code = 'STREAM_MISMATCH';
  readonly differences: readonly string[];

  constructor(stream: string, differences: readonly string[]) {
    super(`stream ${stream} exists with other settings: ${differences.join('; ')}`);
    this.name = 'StreamMismatchError';
    this.differences = differences;
  }
}

/**
 * The server does not take a message about workers or job types: its stream is missing, as with a release before 0.2.0, or
 * the message is too large. Go on without it and log it once; such messages are only hints.
 */
export class AnnouncementRefusedError extends Error {
  readonly code = 'ANNOUNCEMENT_REFUSED';

  constructor(subject: string, detail: string) {
    super(`the server refuses the message on ${subject}: ${detail}`);
    this.name = 'AnnouncementRefusedError';
  }
}

/** The server does not accept a cron schedule, e.g. because it does not know the time zone. Reject the definition. */
export class TriggerRefusedError extends Error {
  readonly code = 'TRIGGER_REFUSED';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the server refuses the trigger: ${detail}`, options);
    this.name = 'TriggerRefusedError';
  }
}

/**
 * Requested messages are neither in the log nor in its archive, or will not be for much longer. Stop instead of working on
 * a part of the history; an operator must repair the archive.
 */
export class HistoryIncompleteError extends Error {
  readonly code = 'HISTORY_INCOMPLETE';

  constructor(first: number, last: number) {
    super(
      `messages ${first} to ${last} are not in the archive, but they have expired from the log or are about to: ` +
        'check that the archiver runs, and that the archive is the right one',
    );
    this.name = 'HistoryIncompleteError';
  }
}

/**
 * A newer release has created the job in a way that this one cannot read, so no state can be made of its events. Leave it to a
 * newer release.
 */
export class JobUnreadableError extends Error {
  readonly code = 'JOB_UNREADABLE';

  constructor(jobId: string) {
    super(`job ${jobId} was created by a newer release in a way that this one cannot read`);
    this.name = 'JobUnreadableError';
  }
}

/**
 * The events under the filter of a job are more than a read keeps in memory. Do not retry: only a writer that forges events
 * can bring a job that far.
 */
export class HistoryTooLargeError extends Error {
  readonly code = 'HISTORY_TOO_LARGE';

  constructor(filter: string, bytes: number) {
    super(`the events under ${filter} have more than ${bytes} bytes`);
    this.name = 'HistoryTooLargeError';
  }
}

/** The log no longer has the messages up to `last`. A follower continues from the archive. */
export class LogGapError extends Error {
  readonly code = 'LOG_GAP';
  readonly last: number;

  constructor(first: number, last: number) {
    super(`the log does not have messages ${first} to ${last}`);
    this.name = 'LogGapError';
    this.last = last;
  }
}

/** The schedule has an event of a newer release. This release must be upgraded to read it. */
export class NewerEventError extends Error {
  readonly code = 'NEWER_EVENT';
  readonly sequence: number;

  constructor(sequence: number, reason: string) {
    super(`event ${sequence} cannot be read, ${reason}: upgrade it first`);
    this.name = 'NewerEventError';
    this.sequence = sequence;
  }
}

/** A job that nobody can read any more holds a unique key until its time is over: the log and the table have let it go. */
export class UniqueKeyHeldError extends Error {
  readonly code = 'UNIQUE_KEY_HELD';

  constructor(jobId: string, until: string) {
    super(`job ${jobId}, which is not kept any more, holds the unique key until ${until}`);
  }
}
