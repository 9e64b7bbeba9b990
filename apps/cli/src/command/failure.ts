import { AccessDeniedError, UnavailableError, type JobstreamError, type Problem } from '@jobstream/client';

/** A mistake in the command line that only its command can notice; the message is one sentence for the user. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** Something that could not be done; the message is one sentence for the user, with what to do about it. */
export class CommandError extends Error {
  readonly code = 'COMMAND_FAILED';
}

/** Returns what a user should read of an error of the API at `url`: what is wrong, and what to do about it. */
export function describeApiError(error: JobstreamError, url: string): string {
  const { problem } = error;
  if (problem === undefined) return describeSilence(error, url);
  const mistakes = mistakesIn(problem);
  const reason =
    mistakes === '' ? [problem.title, problem.detail].filter(Boolean).join(': ') : `${problem.title}: ${mistakes}`;
  return `${reason.replace(/\.$/u, '')}${adviceFor(error)}`;
}

/** There was no answer, or one that is not from this API. */
function describeSilence(error: JobstreamError, url: string): string {
  if (error instanceof UnavailableError && error.status === undefined) {
    const [, cause, words] = /\((.*)\)$|cannot be reached: (.*?)\. /u.exec(error.message) ?? [];
    const reason = cause ?? words ?? error.message;
    return `The API is not reachable at ${url} (${reason}): start it with \`jobstream dev\`, or name another address with --url or JOBSTREAM_URL`;
  }
  return `What answers at ${url} is not the API of Jobstream (status ${error.status ?? 'unknown'}): check --url or JOBSTREAM_URL`;
}

function mistakesIn({ errors = [] }: Problem): string {
  return errors.map((error) => `${nameOf(error)} ${error.detail}`.trim()).join('; ');
}

/** The name of a header is no subject of what follows: the detail is a sentence about its value. */
function nameOf(error: NonNullable<Problem['errors']>[number]): string {
  return 'header' in error ? `${error.header}:` : String(Object.values(error)[0]);
}

function adviceFor(error: JobstreamError): string {
  if (error instanceof UnavailableError) return '; try again later';
  if (!(error instanceof AccessDeniedError)) return '';
  return error.status === 401
    ? ': pass an API key with --key or JOBSTREAM_KEY'
    : ': use another API key with --key or JOBSTREAM_KEY';
}
