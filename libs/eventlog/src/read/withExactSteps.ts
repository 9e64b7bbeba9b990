import { hasInexactNumber, type LoggedEvent, mayBeInexact, parseExactly } from '@jobstream/domain';
import type { RecordedEvent } from './logEntry.ts';

/**
 * The event with results of steps that are written down again with the digits of its text: a worker in another language may have
 * recorded numbers that JavaScript does not hold. It is good for nothing else; see `parseExactly`.
 */
export function withExactSteps(recorded: RecordedEvent<LoggedEvent>, text: string): RecordedEvent<LoggedEvent> {
  const { event } = recorded;
  if (!('data' in event) || !('steps' in event.data) || !mayBeInexact(event.data.steps) || !hasInexactNumber(text))
    return recorded;
  const { data } = parseExactly(text) as { readonly data: { readonly steps: readonly { readonly result: unknown }[] } };
  const steps = event.data.steps.map((step, index) =>
    'result' in step ? withResult(step, data.steps[index]?.result) : step,
  );
  return { ...recorded, event: { ...event, data: { ...event.data, steps } } as LoggedEvent };
}

function withResult<Step extends object>(step: Step, result: unknown): Step {
  return { ...step, result };
}
