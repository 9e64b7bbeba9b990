import type { WriteLine } from './prefixedLog.ts';

interface LogRecord {
  /** A number by pino, a word by `@jobstream/worker`. */
  readonly level: number | string;
  readonly msg: string;
  readonly jobId?: string;
  readonly jobType?: string;
  readonly attempt?: number;
  readonly durationMs?: number;
  readonly reason?: string;
  readonly retryAt?: string;
  readonly error?: { readonly message?: string };
}

const WARNING = 40;
const QUIET_LEVELS = new Set(['debug', 'info']);
/** The messages with which a worker reports the end of an attempt. */
const OUTCOMES = new Set(['completed', 'failed', 'released']);
/** What `@jobstream/worker` says of itself, which the tools say in their own words. */
const OF_THE_WORKER = new Set(['connecting to NATS', 'accepting jobs', 'ready', 'stopping', 'stopped']);
const LONGEST_ERROR = 200;

/**
 * Passes on what a developer looks for: a line for the outcome of each job, warnings and errors, and everything that is
 * written by the tools and the developer's own handlers. Requests and the other lines of the services are left out.
 */
export function quietLog(write: WriteLine, own: readonly string[]): WriteLine {
  return (name, line) => {
    const record = parse(line);
    if (record === undefined) return write(name, line);
    const outcome = outcomeOf(record);
    if (outcome !== undefined) write(name, outcome);
    else if (isWarning(record) || (own.includes(name) && !OF_THE_WORKER.has(record.msg))) write(name, line);
  };
}

function outcomeOf({ msg, jobId, jobType, ...details }: LogRecord): string | undefined {
  if (jobId === undefined || jobType === undefined) return undefined;
  if (msg === 'failed, will be retried') return `${jobType} ${jobId} ${retryOf(details)}`;
  return OUTCOMES.has(msg) ? `${jobType} ${jobId} ${msg}${endOf(details)}` : undefined;
}

function retryOf({ attempt, retryAt = '', error }: Partial<LogRecord>): string {
  return `attempt ${attempt} failed, the next is at ${new Date(retryAt).toLocaleTimeString('sv')}: ${textOf(error)}`;
}

function endOf({ durationMs = 0, attempt = 1, reason, error }: Partial<LogRecord>): string {
  const after = attempt === 1 ? '' : `, attempt ${attempt}`;
  const why = reason === undefined ? '' : ` (${reason}): ${textOf(error)}`;
  return ` after ${Math.round(durationMs)} ms${after}${why}`;
}

function textOf(error: LogRecord['error']): string {
  return (error?.message ?? '').split('\n')[0]?.slice(0, LONGEST_ERROR) ?? '';
}

function isWarning({ level }: LogRecord): boolean {
  return typeof level === 'number' ? level >= WARNING : !QUIET_LEVELS.has(level);
}

function parse(line: string): LogRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const record: Partial<LogRecord> = JSON.parse(line);
    return record.level === undefined || record.msg === undefined ? undefined : (record as LogRecord);
  } catch {
    return undefined;
  }
}
