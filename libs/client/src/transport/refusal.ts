import {
  AccessDeniedError,
  ConflictError,
  InvalidRequestError,
  NotFoundError,
  UnavailableError,
  UnexpectedAnswerError,
  type JobstreamError,
} from './errors.ts';
import { parseProblem, problemCode, type FieldError, type Problem } from './errors.ts';

/** Problems after which the request certainly had no effect. */
const WITHOUT_EFFECT = new Set([
  'credentials-unverifiable',
  'log-overloaded',
  'request-timeout',
  'stopping',
  'table-unavailable',
  'too-many-feeds',
]);

const TEMPORARY = new Set([408, 429, 502, 503, 504]);

const classes = new Map([
  [401, AccessDeniedError],
  [403, AccessDeniedError],
  [404, NotFoundError],
  [409, ConflictError],
  [412, ConflictError],
]);

/** Maps a response other than success to an error. `asked` names the request, such as `GET /api/jobs`. */
export function refusal(asked: string, { status, headers }: Response, text: string): JobstreamError {
  const problem = parseProblem(text);
  const message = `${asked}: ${status} ${problem === undefined ? 'without a reason' : reasonIn(problem)}`;
  const details = { status, problem };
  if (TEMPORARY.has(status)) {
    const outcomeUnknown = status !== 429 && !(problem !== undefined && WITHOUT_EFFECT.has(problemCode(problem)));
    const retryAfterMs = retryAfter(headers.get('retry-after'));
    return new UnavailableError(message, { ...details, outcomeUnknown, retryAfterMs });
  }
  const mistaken = status >= 400 && status < 500 ? InvalidRequestError : UnexpectedAnswerError;
  return new (classes.get(status) ?? mistaken)(message, details);
}

function reasonIn({ title, detail, errors = [] }: Problem): string {
  const mistakes = errors.map((error) => `${placeOf(error)} ${error.detail}`.trim());
  return [title, ...(mistakes.length > 0 ? [mistakes.join('; ')] : [detail ?? []].flat())].join(': ');
}

/** The name of a header is no subject of what follows: the detail is a sentence about its value. */
function placeOf(error: FieldError): string {
  return 'header' in error ? `${error.header}:` : String(Object.values(error)[0]);
}

/** Parses `Retry-After`, in seconds or a date, to milliseconds from now. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
