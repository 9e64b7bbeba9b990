import { hasInexactNumber, type LoggedEvent, mayBeInexact, parseExactly } from '@jobstream/domain';

/**
 * The event with results of steps that are written down again with the digits of their text: a worker in another language may have
 * recorded numbers that JavaScript does not hold. It is good for nothing else; see `parseExactly`.
 */
export function withExactSteps(event: LoggedEvent, text: string): LoggedEvent {
  if (!('data' in event) || !('steps' in event.data) || !mayBeInexact(event.data.steps) || !hasInexactNumber(text))
    return event;
  const { data } = parseExactly(text) as { readonly data: { readonly steps: readonly { readonly result: unknown }[] } };
  const steps = event.data.steps.map((step, index) =>
    'result' in step ? { ...step, result: data.steps[index]?.result } : step,
  );
  return { ...event, data: { ...event.data, steps } } as LoggedEvent;
}
