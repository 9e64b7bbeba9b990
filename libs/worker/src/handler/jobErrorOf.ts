import { inspect } from 'node:util';
import type { JobError } from '@jobstream/domain';

const NAME_LIMIT = 128;
const MESSAGE_LIMIT = 2_048;
const STACK_LIMIT = 4_096;

/** The error of a job as the log keeps it, from any thrown value; long parts are cut. */
export function jobErrorOf(thrown: unknown, { stacks } = { stacks: true }): JobError {
  if (!(thrown instanceof Error)) {
    return { name: 'NonErrorThrown', message: capText(textOf(thrown), MESSAGE_LIMIT) };
  }
  const { code } = thrown as { code?: unknown };
  return {
    name: capText(textOf(thrown.name), NAME_LIMIT),
    message: capText(textOf(thrown.message), MESSAGE_LIMIT),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: capText(String(code), NAME_LIMIT) } : {}),
    ...(thrown.stack === undefined || !stacks ? {} : { stack: capText(stackOf(thrown), STACK_LIMIT) }),
  };
}

function stackOf({ stack, cause }: Error): string {
  const own = textOf(stack);
  return cause instanceof Error ? `${own}\n[cause]: ${textOf(cause.stack)}` : own;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return 'a value that cannot be shown';
  }
}

/**
 * Text of at most `limit` characters that every reader of the log can store: Postgres refuses NUL and half a surrogate
 * pair, which a cut can leave behind.
 */
export function capText(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return cut.toWellFormed().replaceAll('\0', '\uFFFD');
}
