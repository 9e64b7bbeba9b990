import type { LogEntry } from '@jobstream/eventlog';
import type { TracedSpan, Tracing } from '@jobstream/runtime';

/** A backlog is projected in batches of thousands, which no reader of a trace would look through. */
const MAX_LINKS = 100;

/** The span of a batch, linked to the traces whose events are in it; none when there are none. */
export function batchSpan(batch: readonly LogEntry[], tracing: Tracing | undefined): TracedSpan | undefined {
  if (tracing?.isOn !== true) return undefined;
  const traced = batch.flatMap((entry) => (entry.kind === 'event' && entry.traceparent ? [entry.traceparent] : []));
  const links = [...new Set(traced)].slice(0, MAX_LINKS);
  if (links.length === 0) return undefined;
  const attributes = { 'jobstream.batch.events': batch.length, 'jobstream.sequence': batch.at(-1)?.sequence ?? 0 };
  return tracing.span({ name: 'project', kind: 'consumer', links, attributes });
}
