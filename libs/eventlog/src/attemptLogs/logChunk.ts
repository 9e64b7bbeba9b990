import { type AttemptLogLevel, attemptLogLevels, isObject } from '@jobstream/domain';

/** Some lines of one run of a handler, as they are stored in one message of the stream LOGS. */
export interface LogChunk {
  readonly jobId: string;
  readonly attempt: number;
  /** The id of the JobStarted that began the run. */
  readonly runId: string;
  /** 0 for the first chunk of the run. A chunk may be stored twice. */
  readonly chunk: number;
  /** Whether no more chunks of the run follow. */
  readonly end: boolean;
  /** JSON objects, one a line: see `AttemptLogLine`; or all of them encrypted. */
  readonly lines: string;
  /** Whether the lines are encrypted with the job's key. */
  readonly sealed: boolean;
}

/** A line that a handler wrote. */
export interface AttemptLogLine {
  /** RFC 3339, by the clock of the server as the worker knows it. */
  readonly time: string;
  readonly level: AttemptLogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The id of the JobStarted of the run that wrote it. */
  readonly runId: string;
}

/** Returns the body of a message: a line that says whose lines they are, and the lines. */
export function encodeChunk({ jobId, attempt, runId, chunk, end, sealed, lines }: LogChunk): string {
  const flags = `${end ? ',"end":true' : ''}${sealed ? ',"sealed":true' : ''}`;
  return `{"jobId":"${jobId}","attempt":${attempt},"runId":"${runId}","chunk":${chunk}${flags}}\n${lines}`; // ids need no escaping
}

/** Returns the chunk in a body, undefined for what is none of this job's. */
export function decodeChunk(body: string, jobId: string): LogChunk | undefined {
  const headEnd = body.indexOf('\n');
  const head = parsed(body.slice(0, headEnd)) as Partial<LogChunk> | undefined;
  if (headEnd < 0 || head?.jobId !== jobId) return undefined;
  const { attempt, runId, chunk, end, sealed } = head;
  if (!Number.isInteger(attempt) || !Number.isInteger(chunk) || typeof runId !== 'string') return undefined;
  const lines = body.slice(headEnd + 1);
  return {
    jobId,
    attempt: Number(attempt),
    runId,
    chunk: Number(chunk),
    end: end === true,
    sealed: sealed === true,
    lines,
  };
}

/** Returns the lines of a chunk that is not encrypted; leaves out what is no line. */
export function linesOf({ lines, runId }: LogChunk): AttemptLogLine[] {
  return lines.split('\n').flatMap((text) => lineOf(parsed(text), runId) ?? []);
}

function lineOf(given: unknown, runId: string): AttemptLogLine | undefined {
  const { time, level, message, fields } = (given ?? {}) as Readonly<Record<string, unknown>>;
  const known = attemptLogLevels.find((one) => one === level);
  if (known === undefined || typeof message !== 'string' || !isTime(time)) return undefined;
  const line = { time: new Date(time).toISOString(), level: known, message, runId };
  return isObject(fields) ? { ...line, fields } : line;
}

function isTime(time: unknown): time is number {
  return typeof time === 'number' && !Number.isNaN(new Date(time).getTime());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
