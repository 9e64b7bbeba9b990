import { AsyncLocalStorage } from 'node:async_hooks';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Keeps the W3C `traceparent` of the work that runs now. */
export class TraceScope {
  readonly #storage = new AsyncLocalStorage<string>();

  current(): string | undefined {
    return this.#storage.getStore();
  }

  run<Result>(traceparent: string, work: () => Result): Result {
    return this.#storage.run(traceparent, work);
  }
}

/** Parses a W3C `traceparent`; undefined for anything invalid. */
export function parseTraceparent(text: string | undefined) {
  if (text === undefined) return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags ?? '', 16), isRemote: true };
}
