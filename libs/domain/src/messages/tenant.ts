import * as Schema from 'effect/Schema';

const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

/** Whose job or schedule it is, where several share a system: 1 to 64 letters, digits, dots, dashes and underscores. */
export const Tenant = Schema.String.check(
  Schema.isPattern(PATTERN, {
    expected: 'a tenant: 1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit',
  }),
);
export type Tenant = typeof Tenant.Type;

/** Whether a value can be the name of a tenant. */
export function isTenant(value: unknown): value is Tenant {
  return typeof value === 'string' && PATTERN.test(value);
}
