import type { Delivery } from '@jobstream/eventlog';
import type { TracedSpan } from '@jobstream/runtime';
import type { WorkerContext } from '../workerContext.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptEnd } from './attemptObserver.ts';

const FAILURES: ReadonlySet<AttemptEnd> = new Set(['retried', 'failed', 'overtaken', 'unsettled']);

/** The span of what a delivery leads to; linked to its cause, which does not wait for it. Never ended: no attempt. */
export function deliverySpan({ jobId, jobType, traceparent }: Delivery, { tracing }: WorkerContext): TracedSpan {
  const attributes = { 'jobstream.job.id': jobId, 'jobstream.job.type': jobType };
  return tracing.span({ name: `attempt ${jobType}`, kind: 'consumer', links: [traceparent], attributes });
}

export function endAttemptSpan(span: TracedSpan, { number }: Attempt, end: AttemptEnd): void {
  const attributes = { 'jobstream.attempt.number': number, 'jobstream.attempt.outcome': end };
  span.end({ attributes, failure: FAILURES.has(end) ? end : undefined });
}
