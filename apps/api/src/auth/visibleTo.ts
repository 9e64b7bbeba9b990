import type { Caller } from './caller.ts';

/** Whether a caller may see something: a job, one of its events, a schedule. Without a tenant, one may see everything. */
export function visibleTo({ tenant }: Pick<Caller, 'tenant'>): (owned: { readonly tenant?: string }) => boolean {
  return (owned) => tenant === undefined || owned.tenant === tenant;
}
