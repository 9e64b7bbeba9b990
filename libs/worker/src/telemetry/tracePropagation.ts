import type { AttemptSpan, AttemptSpanOptions, AttemptTracing } from '../attempt/attemptTracing.ts';
import { parseTraceparent, TraceScope } from './traceScope.ts';

/** A span outside any trace, or within the one that is there. */
const NO_SPAN: AttemptSpan = { within: (work) => work(), end: () => undefined };

/** Records no spans, but passes on the trace context of what caused a job, for clients and handlers that trace themselves. */
export class TracePropagation implements AttemptTracing {
  readonly #scope = new TraceScope();

  readonly current = (): string | undefined => this.#scope.current();

  span({ links = [] }: AttemptSpanOptions): AttemptSpan {
    const traceparent = links.find((link) => parseTraceparent(link) !== undefined);
    if (traceparent === undefined) return NO_SPAN;
    return { within: (work) => this.#scope.run(traceparent, work), end: () => undefined };
  }
}
