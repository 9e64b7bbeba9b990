import type { Rejection } from '@jobstream/domain';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problemTypes.ts';

/** The problem types of library errors by their `code`. */
const codes: Readonly<Record<string, ProblemCode>> = {
  LOG_UNAVAILABLE: 'log-unavailable',
  LOG_OVERLOADED: 'log-overloaded',
  EVENT_TOO_LARGE: 'payload-too-large',
  UNIQUE_KEY_HELD: 'unique-key-held',
  TOO_MANY_PRIORITY_TYPES: 'too-many-priority-types',
  TOO_MANY_SIGNAL_TYPES: 'too-many-signal-types',
  CONCURRENT_APPEND: 'job-changed',
  ARCHIVE_CORRUPT: 'history-unavailable',
  ARCHIVE_UNAVAILABLE: 'history-unavailable',
  JOB_UNREADABLE: 'job-unreadable',
  HISTORY_INCOMPLETE: 'history-unavailable',
  NEWER_EVENT: 'schedule-unreadable',
  HISTORY_TOO_LARGE: 'history-unavailable',
  QUERY_TOO_EXPENSIVE: 'query-too-expensive',
  READ_MODEL_UNAVAILABLE: 'table-unavailable',
  SCHEMA_MISMATCH: 'table-unavailable',
  TOO_MANY_OPERATIONS: 'too-many-operations',
};

/** The problem types of the JSON body parser's errors by their `type`. */
const bodyFailures: Readonly<Record<string, ProblemCode>> = {
  'entity.parse.failed': 'malformed-json',
  'entity.too.large': 'payload-too-large',
  'encoding.unsupported': 'unsupported-media-type',
  'charset.unsupported': 'unsupported-media-type',
};

const details: { readonly [Code in ProblemCode]?: string } = {
  'log-unavailable': 'the job may have been created nevertheless: repeat the request with the same Idempotency-Key',
  'job-unreadable': 'a newer release has created it in a way that this one cannot read: upgrade this one',
  'log-overloaded': 'nothing was stored: repeat the request later',
  'too-many-priority-types': 'jobs of 90 types have high or low priority already: leave the priority out',
  'query-too-expensive':
    'too many jobs had to be read: narrow the request by type, by a status other than completed, or by a time of creation',
};

interface ForeignError {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
}

/** Converts any error into a Problem; an unexpected one becomes `internal-error` without its message. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const foreign = (typeof error === 'object' && error !== null ? error : {}) as ForeignError;
  const code = lookUp(codes, foreign.code) ?? lookUp(bodyFailures, foreign.type) ?? codeOfStatus(foreign.status);
  const detail = code === 'malformed-json' ? String(foreign.message) : details[code];
  return new Problem(code, { cause: error, ...(detail === undefined ? {} : { detail }) });
}

function lookUp(table: Readonly<Record<string, ProblemCode>>, key: unknown): ProblemCode | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Express and its parsers mark client errors with a status, such as 400 for an invalid percent-encoding. */
function codeOfStatus(status: unknown): ProblemCode {
  return typeof status === 'number' && status >= 400 && status < 500 ? 'malformed-request' : 'internal-error';
}

const rejections: Readonly<Record<Rejection['kind'], ProblemCode>> = {
  'not-found': 'job-not-found',
  unreadable: 'job-unreadable',
  unchanged: 'illegal-transition',
  'already-exists': 'illegal-transition',
  'already-cancelled': 'illegal-transition',
  'illegal-transition': 'illegal-transition',
  overtaken: 'illegal-transition',
  'not-due': 'illegal-transition',
  'key-held': 'unique-key-held',
  'too-many-signals': 'too-many-signals',
};

/** Converts a rejection of the domain into a Problem. */
export function problemOfRejection({ kind, detail }: Rejection): Problem {
  return new Problem(rejections[kind], { detail });
}
