import { type Actor, timestampOf } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import { type Scope, scopes } from '@jobstream/readmodel';
import type { Response } from 'express';
import { requestIdOf } from '../telemetry/requestLog.ts';

/** An authenticated client and its scopes. A caller with a tenant sees and changes only what belongs to that tenant. */
export interface Caller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<Scope>;
  readonly tenant?: string | undefined;
  /** Without credentials, or with a key that such a caller made: the keys that it makes are valid only while the API is open. */
  readonly madeOpen?: boolean;
  /** For long requests: calls `end` when the key or token becomes invalid; returns a function that unsubscribes. */
  readonly onInvalidated?: (end: () => void) => () => void;
}

/** The caller of every request without credentials where the API is open. */
export const anonymous: Caller = { actor: { kind: 'api', id: 'anonymous' }, scopes: new Set(scopes), madeOpen: true };

/** Stores the caller for the handlers and the request log, and returns it. */
export function setCaller(res: Response, caller: Caller): Caller {
  res.locals['caller'] = caller;
  return caller;
}

/** Returns the caller of a request; the route must declare the scope that it requires. */
export function callerOf(res: Response): Caller {
  const caller = res.locals['caller'] as Caller | undefined;
  if (caller === undefined) throw new Error('the route does not declare the scope that it requires');
  return caller;
}

/** Whether the caller has the scope; `admin` includes all. */
export function may(caller: Pick<Caller, 'scopes'>, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has('admin');
}

/** What the caller sees of errors. */
export function shownOfErrors(caller: Pick<Caller, 'scopes'>): { readonly stacks: boolean } {
  return { stacks: may(caller, 'jobs:debug') };
}

/** Makes a predicate of what the caller may see: jobs, their events, schedules. Without a tenant, everything. */
export function visibleTo({ tenant }: Pick<Caller, 'tenant'>): (owned: { readonly tenant?: string }) => boolean {
  return (owned) => tenant === undefined || owned.tenant === tenant;
}

/** Returns the fields that every command has, taken from the request and the clock (milliseconds). */
export function commandContext(res: Response, now: number) {
  const { actor, tenant } = callerOf(res);
  return {
    eventId: newId(),
    at: timestampOf(now),
    actor,
    correlationId: requestIdOf(res),
    ...(tenant === undefined ? {} : { tenant }),
  };
}
