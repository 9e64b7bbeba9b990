import { randomUUIDv7 } from 'node:crypto';
import { type Actor, timestampOf } from '@jobstream/domain';
import { type Scope, scopes } from '@jobstream/readmodel';
import type { Response } from 'express';
import { requestIdOf } from '../telemetry/requestLog.ts';

/** Who sent a request, and what they may do. With a tenant they see and touch only what belongs to it. */
export interface Caller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<Scope>;
  readonly tenant?: string | undefined;
  /** For answers that take long: calls back when the key or token is no longer good; returns how to stop that. */
  readonly onInvalidated?: (end: () => void) => () => void;
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
  if (caller === undefined) throw new Error('the route does not declare the scope that it requires');
  return caller;
}

/** Whether the caller may do what the scope stands for. */
export function may(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has('admin');
}

/** Whether a caller may see something: a job, one of its events, a schedule. Without a tenant, one may see everything. */
export function visibleTo({ tenant }: Pick<Caller, 'tenant'>): (owned: { readonly tenant?: string }) => boolean {
  return (owned) => tenant === undefined || owned.tenant === tenant;
}

/** What every command brings to the domain, drawn from the request and the clock; the tenant is for what it creates. */
export function commandContext(res: Response, now: number) {
  const { actor, tenant } = callerOf(res);
  return {
    eventId: randomUUIDv7(),
    at: timestampOf(now),
    actor,
    correlationId: requestIdOf(res),
    ...(tenant === undefined ? {} : { tenant }),
  };
}
