import { AccessDeniedError, UnavailableError } from '@jobstream/client';

/** Why the demo failed, in one sentence for who runs it. */
export function demoFailure(error: unknown, apiUrl: string): Error {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof UnavailableError && error.status === undefined) {
    return new Error(`The API at ${apiUrl} cannot be reached (${said}): is the system running?`, { cause: error });
  }
  if (error instanceof AccessDeniedError) {
    return new Error(`The API at ${apiUrl} does not let us in (${said}): is API_KEY right?`, { cause: error });
  }
  return new Error(said, { cause: error });
}
