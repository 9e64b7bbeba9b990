import { context, trace, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

export interface StartedTracer {
  readonly tracer: Tracer;
  /** Sends the remaining spans. */
  stop(): Promise<void>;
}

const SEND_EVERY_MS = 1_000;
const SEND_TIMEOUT_MS = 2_000;

/**
 * Starts OpenTelemetry's SDK. Loaded only when tracing is on, because it is larger than the rest of a process. It is
 * registered globally, so that the spans of instrumented libraries become children of ours.
 */
export function startTracer({ endpoint, service }: { endpoint: string; service: string }): StartedTracer {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_TIMEOUT_MS });
  const processor = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_TIMEOUT_MS,
  });
  const resource = resourceFromAttributes({ 'service.name': `jobstream-${service}`, 'service.namespace': 'jobstream' });
  const provider = new TracerProvider({ resource, spanProcessors: [processor] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return { tracer: provider.getTracer('jobstream'), stop: () => stop(provider) };
}

async function stop(provider: TracerProvider): Promise<void> {
  trace.disable();
  context.disable();
  await provider.shutdown();
}
