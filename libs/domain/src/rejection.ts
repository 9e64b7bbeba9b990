/** Why a command was refused. `not-due` comes with `dueAt`, the instant before which the job must not start. */
export interface Rejection {
  readonly kind: 'not-found' | 'already-exists' | 'already-cancelled' | 'illegal-transition' | 'overtaken' | 'not-due';
  readonly detail: string;
  readonly dueAt?: string;
}

/** Tells a refusal from an event in the answer of `decide`. */
export function isRejection(decision: object): decision is Rejection {
  return 'kind' in decision;
}
