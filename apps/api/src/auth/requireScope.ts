import type { Scope } from '@jobstream/readmodel';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AccessControl } from './accessControl.ts';
import { may } from './caller.ts';
import { insufficientScope, notForTenants } from './challenge.ts';

/** What a caller needs for a route: a scope, or nothing at all. */
export interface Requirement {
  readonly scope: Scope | 'none';
  /** What the route shows or does concerns all tenants, so that a caller with a tenant is refused. */
  readonly acrossTenants: boolean;
}

/** The first handler of a route, by which the route declares what it needs. */
export type RequirementHandler = RequestHandler & { readonly requirement: Requirement };

/** Lets only callers pass who have the scope. */
export function requireScope(scope: Scope, { acrossTenants = false } = {}): RequirementHandler {
  const check = async (req: Request, res: Response, next: NextFunction) => {
    const caller = await accessControlOf(req).admit(req, res);
    if (!may(caller, scope)) throw insufficientScope(scope);
    if (acrossTenants && caller.tenant !== undefined) throw notForTenants();
    next();
  };
  return Object.assign(check, { requirement: { scope, acrossTenants } });
}

/** For a route that is for everybody: probes, documents. Its handlers know no caller. */
export function allowAnyone(): RequirementHandler {
  return Object.assign(pass.bind(undefined), { requirement: { scope: 'none', acrossTenants: false } as const });
}

const pass: RequestHandler = (_req, _res, next) => next();

/** What a handler declares, if it does. */
export function requirementOf(handler: RequestHandler | undefined): Requirement | undefined {
  return (handler as Partial<RequirementHandler> | undefined)?.requirement;
}

function accessControlOf(req: Request): AccessControl {
  const control = req.app.locals['accessControl'] as AccessControl | undefined;
  if (control === undefined) throw new Error('the app has no access control');
  return control;
}
