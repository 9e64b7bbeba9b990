import { Schema } from 'effect';

/** Whose job or schedule it is, where several share a system: 1 to 64 letters, digits, dots, dashes and underscores. */
export const Tenant = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    expected: 'a tenant: 1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit',
  }),
);
export type Tenant = typeof Tenant.Type;
