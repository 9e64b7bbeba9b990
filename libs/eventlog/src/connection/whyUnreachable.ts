import { AuthorizationError } from '@nats-io/transport-node';
import { LogUnreachableError } from '../errors.ts';

interface Address {
  /** As it was given; its passwords are left out. */
  readonly url: string;
  /** Whether no address was given, so that this is the usual one. */
  readonly isDefault: boolean;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name is not known',
  ECONNRESET: 'it closed the connection',
};

/** Returns the error for operators that says why no server at an address could be connected to. */
export function whyUnreachable(cause: unknown, { url, isDefault }: Address): LogUnreachableError {
  const nats = `NATS at ${url.replaceAll(/(^|,|\/\/)[^/,]*@/gu, '$1')}`;
  const reason = reasonOf(cause);
  const said = { reason, ...sentences(cause, { nats, reason, isDefault }) };
  return new LogUnreachableError(said, { cause });
}

function sentences(
  cause: unknown,
  { nats, reason, isDefault }: { readonly nats: string; readonly reason: string; readonly isDefault: boolean },
): { readonly wrong: string; readonly remedy: string } {
  if (cause instanceof AuthorizationError) {
    const remedy = 'Correct NATS_USER and NATS_PASSWORD, NATS_CREDS, or the user in NATS_URL.';
    return { wrong: `${nats} refuses the credentials.`, remedy };
  }
  const wrong = `${nats} cannot be reached: ${reason}.`;
  if (isFileError(cause)) return { wrong, remedy: 'Correct NATS_CREDS.' };
  const remedy = isDefault ? 'NATS_URL is not set: set it, or start NATS there.' : 'Start it, or correct NATS_URL.';
  return { wrong, remedy };
}

function reasonOf(cause: unknown): string {
  const first = causes(cause).at(-1);
  if (first?.message === 'timeout') return 'it does not answer';
  return REASONS[first?.code ?? ''] ?? first?.message ?? String(cause);
}

/** An error and what it was caused by, the last first in time. */
function causes(error: unknown): readonly NodeJS.ErrnoException[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : [];
}

/** Whether the file with the credentials could not be read. */
function isFileError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall === 'open';
}
