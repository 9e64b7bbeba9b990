import type { Actor } from '@jobstream/domain';
import { scopes, type Scope } from '@jobstream/readmodel';
import type { Response } from 'express';

/** Who sent a request, and what they may do. With a tenant they see and touch only what belongs to it. */
export interface Caller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<Scope>;
  readonly tenant?: string | undefined;
  /** For answers that take long: calls back when the key or token is no longer good; returns how to stop that. */
  readonly onGone?: (end: () => void) => () => void;
}

/** Everybody, where the API is open to everybody. */
export const anonymous: Caller = { actor: { kind: 'api', id: 'anonymous' }, scopes: new Set(scopes) };

/** Notes who sent the request, for its handlers and for the line in the log. */
export function setCaller(res: Response, caller: Caller): void {
  res.locals['caller'] = caller;
}

/** Who sent the request. The route must have declared what it needs; a handler without a caller is a defect. */
export function callerOf(res: Response): Caller {
  const caller = res.locals['caller'] as Caller | undefined;
  if (caller === undefined) throw new Error('the route does not say what its callers need');
  return caller;
}

/** Whether the caller may do what the scope stands for. */
export function may(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has('admin');
}
