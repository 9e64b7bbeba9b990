import { UnrecoverableError } from './handlerErrors.ts';

const LIMIT_BYTES = 256 * 1024;

/** How the errors call the value, and their code for one that is too large. */
const OF_HANDLER = { what: "the handler's result", tooLarge: 'RESULT_TOO_LARGE' };

/**
 * The result of a handler, or of a step, as JSON can hold it; undefined stays undefined.
 * @throws UnrecoverableError when it cannot be kept: the work is done, and a retry would only do it twice.
 */
export function jsonResult(value: unknown, { what, tooLarge } = OF_HANDLER): unknown {
  if (value === undefined) return undefined;
  const text = encode(value, what);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMIT_BYTES) {
    const message = `${what} has ${bytes} bytes of JSON, at most ${LIMIT_BYTES} are kept`;
    throw new UnrecoverableError(message, { code: tooLarge });
  }
  return JSON.parse(text);
}

function encode(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw notJson(what, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (text === undefined) throw notJson(what, `it is a ${typeof value}`);
  return text;
}

function notJson(what: string, detail: string, cause?: unknown): UnrecoverableError {
  const [reason = detail] = detail.split('\n');
  return new UnrecoverableError(`${what} is not JSON: ${reason}`, { code: 'RESULT_NOT_JSON', cause });
}
