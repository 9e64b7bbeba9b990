import type { Scope } from '@jobstream/readmodel';
import { Problem } from '../problems/problem.ts';

const REALM = 'Bearer realm="jobstream"';

/** 401 for a request without credentials, which by RFC 6750 gets no error code. */
export function credentialsRequired(): Problem {
  const detail = 'send an API key or a token: Authorization: Bearer <key>';
  return new Problem('credentials-required', { detail, headers: { 'WWW-Authenticate': REALM } });
}

/** 401 for invalid credentials. `detail` must not contain any part of them. */
export function invalidCredentials(detail: string, cause?: unknown): Problem {
  const challenge = `${REALM}, error="invalid_token", error_description="${detail}"`;
  return new Problem('credentials-refused', { detail, headers: { 'WWW-Authenticate': challenge }, cause });
}

/** 403 for an authenticated caller without the scope. */
export function insufficientScope(scope: Scope): Problem {
  const challenge = `${REALM}, error="insufficient_scope", scope="${scope}"`;
  return new Problem('insufficient-scope', {
    detail: `requires the scope ${scope}`,
    headers: { 'WWW-Authenticate': challenge },
  });
}

/** 403 for a caller with a tenant, on a route that concerns all tenants. */
export function notForTenants(): Problem {
  return new Problem('not-for-tenants', {
    detail: 'concerns all tenants, but the key or token is limited to one',
  });
}
