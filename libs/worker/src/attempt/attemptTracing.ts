/** A span, which is exported after `end`. */
export interface AttemptSpan {
  /** Runs `work` within the span: events appended there carry its trace context. */
  within<Result>(work: () => Result): Result;
  /** Ends the span; `failure` is the reason of a failure. */
  end(end: { readonly attributes: SpanAttributes; readonly failure: string | undefined }): void;
}

type SpanAttributes = Readonly<Record<string, string | number>>;

export interface AttemptSpanOptions {
  readonly name: string;
  /** `consumer`: of a trace of its own. `internal`: a part of the span that is active. */
  readonly kind: 'consumer' | 'internal';
  /** The `traceparent`s of the causes, which do not wait for this work. */
  readonly links?: readonly (string | undefined)[];
  readonly attributes: SpanAttributes;
}

/** Records a span for each attempt and each step of it that runs, and knows the W3C `traceparent` of the work that runs now. */
export interface AttemptTracing {
  current(): string | undefined;
  span(options: AttemptSpanOptions): AttemptSpan;
}
