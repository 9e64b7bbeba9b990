import type * as OpenTelemetry from '@opentelemetry/api';
import type { AttemptSpan, AttemptSpanOptions, AttemptTracing } from '../attempt/attemptTracing.ts';
import { parseTraceparent, TraceScope } from './traceScope.ts';

/** The module `@opentelemetry/api`, whose types this package does not need. */
export interface OpenTelemetryApi {
  readonly trace: object;
  readonly context: object;
  readonly ROOT_CONTEXT: object;
  readonly SpanKind: object;
  readonly SpanStatusCode: object;
}

/** Records a span for each attempt, linked to what caused the job, with the tracer that the process has registered. */
export class OpenTelemetryTracing implements AttemptTracing {
  readonly #api: typeof OpenTelemetry;
  readonly #scope = new TraceScope();

  constructor(api: OpenTelemetryApi) {
    this.#api = api as typeof OpenTelemetry;
  }

  readonly current = (): string | undefined => this.#scope.current();

  span({ name, links, attributes }: AttemptSpanOptions): AttemptSpan {
    const { context, ROOT_CONTEXT, SpanKind, trace } = this.#api;
    const causes = links.map(parseTraceparent).filter((cause) => cause !== undefined);
    const options = { kind: SpanKind.CONSUMER, attributes, links: causes.map((cause) => ({ context: cause })) };
    const span = trace.getTracer('jobstream').startSpan(name, options, ROOT_CONTEXT);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    const active = trace.setSpan(ROOT_CONTEXT, span);
    return {
      within: (work) => this.#scope.run(traceparent, () => context.with(active, work)),
      end: (end) => this.#end(span, end),
    };
  }

  #end(span: OpenTelemetry.Span, { attributes, failure }: Parameters<AttemptSpan['end']>[0]): void {
    span.setAttributes(attributes);
    if (failure !== undefined) span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: failure });
    span.end();
  }
}
