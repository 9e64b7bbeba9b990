import { UnrecoverableError } from './handlerErrors.ts';

const LIMIT_BYTES = 256 * 1024;

/**
 * The result of a handler as JSON can hold it; undefined stays undefined.
 * @throws UnrecoverableError when it cannot be kept: the work is done, and a retry would only do it twice.
 */
export function jsonResult(value: unknown): unknown {
  if (value === undefined) return undefined;
  const text = encode(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMIT_BYTES) {
    const message = `the handler's result has ${bytes} bytes of JSON, at most ${LIMIT_BYTES} are kept`;
    throw new UnrecoverableError(message, { code: 'RESULT_TOO_LARGE' });
  }
  return JSON.parse(text);
}

function encode(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (text === undefined) throw notJson(`it is a ${typeof value}`);
  return text;
}

function notJson(detail: string, cause?: unknown): UnrecoverableError {
  const [reason = detail] = detail.split('\n');
  return new UnrecoverableError(`the handler's result is not JSON: ${reason}`, { code: 'RESULT_NOT_JSON', cause });
}
