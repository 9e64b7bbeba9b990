import type { Lane } from './lanes.ts';

/** A part of an attempt, in milliseconds. */
export interface Span {
  readonly kind: 'run' | 'sleep';
  readonly from: number;
  readonly to: number;
}

/** More are not drawn one by one: what is before the last ones counts as one run. */
const MOST_SPANS = 201;

/** Returns the runs and the sleeps of an attempt, which alternate; none before it has begun. */
export function spansOf({ startedAt, endedAt, sleeps = [] }: Lane, now: number): readonly Span[] {
  if (startedAt === undefined) return [];
  const end = endedAt ?? now;
  const spans: Span[] = [];
  let from: number | undefined = startedAt;
  for (const { from: asleepFrom, to } of sleeps) {
    spans.push({ kind: 'run', from: from ?? asleepFrom, to: asleepFrom });
    spans.push({ kind: 'sleep', from: asleepFrom, to: to ?? end });
    from = to;
  }
  return from === undefined ? spans : [...spans, { kind: 'run', from, to: end }];
}

/** The spans that are drawn. */
export function drawnSpans(spans: readonly Span[]): readonly Span[] {
  const [first] = spans;
  if (first === undefined || spans.length <= MOST_SPANS) return spans;
  const [before, ...last] = spans.slice(-MOST_SPANS);
  return before === undefined ? [] : [{ kind: 'run', from: first.from, to: before.to }, ...last];
}

/** How long an attempt was in all spans of a kind. */
export function totalMs(spans: readonly Span[], kind: Span['kind']): number {
  return spans.reduce((sum, span) => (span.kind === kind ? sum + span.to - span.from : sum), 0);
}
