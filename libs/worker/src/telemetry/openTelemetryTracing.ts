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

/** Records a span for each attempt, linked to what caused the job, and for its steps, with the tracer that the process has registered. */
export class OpenTelemetryTracing implements AttemptTracing {
  readonly #api: typeof OpenTelemetry;
  readonly #scope = new TraceScope();

  constructor(api: OpenTelemetryApi) {
    this.#api = api as typeof OpenTelemetry;
  }

  readonly current = (): string | undefined => this.#scope.current();

  span({ name, kind, links = [], attributes }: AttemptSpanOptions): AttemptSpan {
    const { context, ROOT_CONTEXT, trace } = this.#api;
    const causes = links.map(parseTraceparent).filter((cause) => cause !== undefined);
    const options = { kind: this.#kind(kind), attributes, links: causes.map((cause) => ({ context: cause })) };
    const parent = kind === 'internal' ? context.active() : ROOT_CONTEXT;
    const span = trace.getTracer('jobstream').startSpan(name, options, parent);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    const active = trace.setSpan(parent, span);
    return {
      within: (work) => this.#scope.run(traceparent, () => context.with(active, work)),
      end: (end) => this.#end(span, end),
    };
  }

  #kind(kind: AttemptSpanOptions['kind']): OpenTelemetry.SpanKind {
    const { CONSUMER, INTERNAL } = this.#api.SpanKind;
    return kind === 'internal' ? INTERNAL : CONSUMER;
  }

  #end(span: OpenTelemetry.Span, { attributes, failure }: Parameters<AttemptSpan['end']>[0]): void {
    span.setAttributes(attributes);
    if (failure !== undefined) span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: failure });
    span.end();
  }
}
