/** Another writer appended to the job or schedule first: fold it again and decide anew. */
export class ConcurrentAppendError extends Error {
  readonly code = 'CONCURRENT_APPEND';

  constructor(owner: string, expectedSequence: number, options?: ErrorOptions) {
    super(`${owner} has moved on from sequence ${expectedSequence}`, options);
    this.name = 'ConcurrentAppendError';
  }
}

/** The log did not answer in time. An append may or may not be stored: reading the job tells, once the log is back. */
export class LogUnavailableError extends Error {
  readonly code = 'LOG_UNAVAILABLE';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the event log is not available: ${detail}`, options);
    this.name = 'LogUnavailableError';
  }
}

/** Too many appends wait already; nothing was sent. Try again later. */
export class LogOverloadedError extends Error {
  readonly code = 'LOG_OVERLOADED';

  constructor(waiting: number) {
    super(`${waiting} appends are waiting already`);
    this.name = 'LogOverloadedError';
  }
}

/** The event is larger than the server takes; nothing was sent. */
export class EventTooLargeError extends Error {
  readonly code = 'EVENT_TOO_LARGE';

  constructor(bytes: number, limit: number) {
    super(`the event has ${bytes} bytes, the server takes at most ${limit}`);
    this.name = 'EventTooLargeError';
  }
}

/** The server is too old to be trusted with expectations and schedules: it would ignore them in silence. */
export class UnsupportedServerError extends Error {
  readonly code = 'UNSUPPORTED_SERVER';

  constructor(version: string, minimum: string) {
    super(
      `nats-server ${minimum} or newer is needed, but this is ${version}: it would silently ignore what keeps the log valid`,
    );
    this.name = 'UnsupportedServerError';
  }
}

/** A stream or consumer exists with settings that contradict ours; `differences` has a line for each. */
export class StreamMismatchError extends Error {
  readonly code = 'STREAM_MISMATCH';
  readonly differences: readonly string[];

  constructor(stream: string, differences: readonly string[]) {
    super(`stream ${stream} exists with other settings: ${differences.join('; ')}`);
    this.name = 'StreamMismatchError';
    this.differences = differences;
  }
}

/** The server does not take a cron schedule as it is, e.g. because it does not know the time zone. */
export class TriggerRefusedError extends Error {
  readonly code = 'TRIGGER_REFUSED';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the server refuses the trigger: ${detail}`, options);
    this.name = 'TriggerRefusedError';
  }
}

/**
 * Messages that were asked for are neither in the log nor in its archive, or may not be any more in a moment. What is left
 * is not handed out as if it were all.
 */
export class HistoryIncompleteError extends Error {
  readonly code = 'HISTORY_INCOMPLETE';

  constructor(first: number, last: number) {
    super(
      `messages ${first} to ${last} of the log are not in its archive, but the log has forgotten them or is about to: ` +
        'see that the archiver runs, and that the archive is the right one',
    );
    this.name = 'HistoryIncompleteError';
  }
}

/** The log does not have these messages any more; whoever follows it must take them from elsewhere. */
export class LogGapError extends Error {
  readonly code = 'LOG_GAP';
  readonly last: number;

  constructor(first: number, last: number) {
    super(`the log does not have messages ${first} to ${last}`);
    this.name = 'LogGapError';
    this.last = last;
  }
}

/** The log holds an event of a newer schema version: this release must not go on past it. */
export class NewerEventError extends Error {
  readonly code = 'NEWER_EVENT';
  readonly sequence: number;

  constructor(sequence: number, version: number) {
    super(`event ${sequence} has schema version ${version}, newer than this release understands: upgrade it first`);
    this.name = 'NewerEventError';
    this.sequence = sequence;
  }
}
