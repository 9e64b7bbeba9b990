import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { Logger } from '../service/logger.ts';
import type { Service } from '../service/service.ts';
import type { StartedTracer } from './startTracer.ts';

const FORMAT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

const ZERO = /^0+$/;

export interface TracingOptions {
  /** The OTLP endpoint over HTTP that receives spans, such as `http://localhost:4318`; without it none are recorded. */
  readonly endpoint: string | undefined;
  /** The name of the process. */
  readonly service: string;
  readonly logger: Logger;
}

export interface SpanOptions {
  readonly name: string;
  /** `internal`: a part of the span that is active, whatever `parent` says. */
  readonly kind: 'server' | 'consumer' | 'internal';
  /** The `traceparent` of the caller, which waits for this work. */
  readonly parent?: string | undefined;
  /** The `traceparent`s of the causes, which do not wait for this work. */
  readonly links?: readonly (string | undefined)[];
  readonly attributes?: Attributes;
}

export interface SpanEnd {
  readonly name?: string;
  readonly attributes?: Attributes;
  /** The reason of a failure. */
  readonly failure?: string | undefined;
}

/** A span, which is exported after `end`. */
export interface TracedSpan {
  /** Runs `work` within the span: events appended there carry its trace context. */
  within<Result>(work: () => Result): Result;
  end(end?: SpanEnd): void;
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;
const STOP_MS = 3_000;
/** The span used outside any trace while recording is off. */
const NO_SPAN: TracedSpan = { within: (work) => work(), end: () => undefined };

/**
 * Records the traces of one process. Without an endpoint it records nothing but still propagates trace context, for
 * clients and handlers that trace themselves.
 */
export class Tracing implements Service {
  readonly name = 'tracing';
  readonly #options: TracingOptions;
  readonly #scope = new AsyncLocalStorage<string>();
  #started: StartedTracer | undefined;

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  /** Whether spans are recorded. */
  get isOn(): boolean {
    return this.#started !== undefined;
  }

  async start(): Promise<void> {
    const { endpoint, service, logger } = this.#options;
    if (endpoint === undefined) return;
    const { startTracer } = await import('./startTracer.ts');
    this.#started = startTracer({ endpoint, service });
    logger.info({ endpoint }, 'sending traces');
  }

  /** Sends the remaining spans; gives up after 3 s if the receiver does not respond. */
  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    if (started === undefined) return;
    const sent = started
      .stop()
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'could not send traces'));
    await Promise.race([sent, pause(STOP_MS, undefined, { ref: false })]);
  }

  /** The W3C `traceparent` of the current work, if it belongs to a trace. */
  readonly current = (): string | undefined => this.#scope.getStore();

  span(options: SpanOptions): TracedSpan {
    if (this.#started !== undefined) return this.#recorded(this.#started.tracer, options);
    const { parent, links = [] } = options;
    const traceparent = [parent, ...links].find((one) => parseTraceparent(one) !== undefined);
    if (traceparent === undefined) return NO_SPAN;
    return { within: (work) => this.#within(traceparent, work), end: () => undefined };
  }

  #recorded(tracer: Tracer, options: SpanOptions): TracedSpan {
    const span = startSpan(tracer, options);
    const traceparent = formatTraceparent(span.spanContext());
    const active = trace.setSpan(options.kind === 'internal' ? context.active() : ROOT_CONTEXT, span);
    return {
      within: (work) => this.#within(traceparent, () => context.with(active, work)),
      end: (end = {}) => endSpan(span, end),
    };
  }

  #within<Result>(traceparent: string | undefined, work: () => Result): Result {
    return traceparent === undefined ? work() : this.#scope.run(traceparent, work);
  }
}

function startSpan(tracer: Tracer, { name, kind, parent, links = [], attributes = {} }: SpanOptions): Span {
  const linked = links.map(parseTraceparent).filter((one) => one !== undefined);
  return tracer.startSpan(
    name,
    { kind: KINDS[kind], attributes, links: linked.map((one) => ({ context: one })) },
    kind === 'internal' ? context.active() : remoteContext(parent),
  );
}

function remoteContext(parent: string | undefined): Context {
  const remote = parseTraceparent(parent);
  return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function endSpan(span: Span, { name, attributes = {}, failure }: SpanEnd): void {
  if (name !== undefined) span.updateName(name);
  span.setAttributes(attributes);
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  span.end();
}

/** Parses a W3C `traceparent`; undefined for anything invalid. */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [, traceId = '0', spanId = '0', flags = ''] = typeof text === 'string' ? (FORMAT.exec(text) ?? []) : [];
  if (ZERO.test(traceId) || ZERO.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
