import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttemptSpan, AttemptSpanOptions, AttemptTracing } from './attemptTracing.ts';

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** The span of an attempt outside any trace. */
const NO_SPAN: AttemptSpan = { within: (work) => work(), end: () => undefined };

/** Records no spans, but passes on the trace context of what caused a job, for clients and handlers that trace themselves. */
export class TracePropagation implements AttemptTracing {
  readonly #scope = new AsyncLocalStorage<string>();

  readonly current = (): string | undefined => this.#scope.getStore();

  span({ links }: AttemptSpanOptions): AttemptSpan {
    const traceparent = links.find((link) => link !== undefined && TRACEPARENT.test(link));
    if (traceparent === undefined) return NO_SPAN;
    return { within: (work) => this.#scope.run(traceparent, work), end: () => undefined };
  }
}
