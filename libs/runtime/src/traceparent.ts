import type { SpanContext } from '@opentelemetry/api';

const FORMAT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZERO = /^0+$/;

/** The span that a W3C `traceparent` names; undefined for anything that is none, a sender's mistake included. */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [, traceId = '0', spanId = '0', flags = ''] = typeof text === 'string' ? (FORMAT.exec(text) ?? []) : [];
  if (ZERO.test(traceId) || ZERO.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
