import type { Scope } from '@jobstream/readmodel';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AccessControl } from './accessControl.ts';
import { type Caller, may } from './caller.ts';
import { insufficientScope, notForTenants } from './challenge.ts';

/** What a route requires of its callers. */
export interface Requirement {
  readonly scope: Scope | 'none';
  /** The route concerns all tenants, so that a caller with a tenant is rejected. */
  readonly acrossTenants: boolean;
}

/** The first handler of a route, which declares its requirement. */
export type RequirementHandler = RequestHandler & { readonly requirement: Requirement };

/** Makes a handler that authenticates the caller and requires a scope. It must be the first handler of the route. */
export function requireScope(scope: Scope, { acrossTenants = false } = {}): RequirementHandler {
  const permit = (caller: Caller, next: NextFunction) => {
    if (!may(caller, scope)) throw insufficientScope(scope);
    if (acrossTenants && caller.tenant !== undefined) throw notForTenants();
    next();
  };
  const check = (req: Request, res: Response, next: NextFunction) => {
    const caller = accessControlOf(req).admit(req, res);
    return caller instanceof Promise ? caller.then((one) => permit(one, next)) : permit(caller, next);
  };
  return Object.assign(check, { requirement: { scope, acrossTenants } });
}

/** Makes the first handler of a public route, such as probes and documents. Its handlers have no caller. */
export function allowAnyone(): RequirementHandler {
  return Object.assign(pass.bind(undefined), { requirement: { scope: 'none', acrossTenants: false } as const });
}

const pass: RequestHandler = (_req, _res, next) => next();

/** Returns the requirement that a handler declares, if any. */
export function requirementOf(handler: RequestHandler | undefined): Requirement | undefined {
  return (handler as Partial<RequirementHandler> | undefined)?.requirement;
}

function accessControlOf(req: Request): AccessControl {
  const control = req.app.locals['accessControl'] as AccessControl | undefined;
  if (control === undefined) throw new Error('the app has no access control');
  return control;
}
