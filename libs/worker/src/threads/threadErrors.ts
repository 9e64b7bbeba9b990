import { inspect } from 'node:util';
import { AttemptSuspendedError, RetryAfterError, UnrecoverableError } from '../handler/handlerErrors.ts';
import type { ThrownInThread } from './threadMessages.ts';

/** Describes what a handler threw, so that it can be passed to another thread. */
export function describeThrown(thrown: unknown): ThrownInThread {
  if (!(thrown instanceof Error)) return { kind: 'not-an-error', name: 'NonErrorThrown', message: textOf(thrown) };
  const { name, message, stack, code, retryAfterMs } = thrown as Error & { code?: unknown; retryAfterMs?: unknown };
  return {
    kind: kindOf(thrown),
    name,
    message,
    stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  };
}

function kindOf(error: Error): ThrownInThread['kind'] {
  if (error instanceof UnrecoverableError) return 'unrecoverable';
  if (error instanceof AttemptSuspendedError) return 'suspended';
  return error instanceof RetryAfterError ? 'retry-after' : 'error';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 3 });
}

/** Restores what a handler threw in another thread, with the class that the attempt decides by. */
export function restoreThrown({ kind, message, ...properties }: ThrownInThread): unknown {
  if (kind === 'not-an-error') return message;
  return Object.assign(errorOf(kind, message, properties.retryAfterMs), properties);
}

function errorOf(kind: ThrownInThread['kind'], message: string, retryAfterMs = 0): Error {
  if (kind === 'unrecoverable') return new UnrecoverableError(message);
  if (kind === 'suspended') return Object.assign(new AttemptSuspendedError(''), { message });
  return kind === 'retry-after' ? new RetryAfterError(message, retryAfterMs) : new Error(message);
}
