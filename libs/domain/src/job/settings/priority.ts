import * as Schema from 'effect/Schema';

/** Which jobs of a type start first, where more wait than can run; the weights are the event log's. */
export const Priority = Schema.Literals(['high', 'normal', 'low']);
export type Priority = typeof Priority.Type;

const LANES = ['high', 'low'] as const;
/** A priority other than normal: what calls for work of such jobs goes a way of its own, and so do their timers. */
export const Lane = Schema.Literals(LANES);
export type Lane = typeof Lane.Type;

export const lanes: readonly Lane[] = LANES;

/** The lane of a priority; undefined for normal, and for a job that has none. */
export function laneOf(priority: Priority | undefined): Lane | undefined {
  return priority === 'normal' ? undefined : priority;
}

/** As the state of a job has it: a normal one has no priority. */
export function withPriority<State extends object>(
  state: State,
  priority: Priority | undefined,
): State & { readonly priority?: Lane } {
  const { priority: _before, ...rest } = state as State & { priority?: Lane };
  const lane = laneOf(priority);
  return (lane === undefined ? rest : { ...rest, priority: lane }) as State & { readonly priority?: Lane };
}
