import { Tenant } from '@jobstream/domain';
import { KEY_NAME, scopes } from '@jobstream/readmodel';
import { Schema } from 'effect';
import { decodeBody } from '../../http/decodeBody.ts';
import { Instant } from '../../http/instant.ts';
import type { FieldError } from '../../problems/problem.ts';
import type { Caller } from '../caller.ts';

const Name = Schema.String.check(Schema.isPattern(KEY_NAME, { expected: 'a text of 1 to 100 printable characters' }));

/** The body of `POST /api/keys`. */
export const CreateKeyRequest = Schema.Struct({
  name: Name,
  scopes: Schema.Array(Schema.Literals(scopes)).check(Schema.isMinLength(1), Schema.isMaxLength(scopes.length)),
  tenant: Schema.optionalKey(Tenant),
  expiresAt: Schema.optionalKey(Instant),
});
export type CreateKeyRequest = typeof CreateKeyRequest.Type;

const decode = Schema.decodeUnknownResult(CreateKeyRequest, { errors: 'all', onExcessProperty: 'error' });

/** The key that a body asks for; who has a tenant can make keys for that tenant alone. `now` is in milliseconds. */
export function decodeCreateKey(body: unknown, { tenant }: Caller, now: number): CreateKeyRequest {
  const request = decodeBody(decode(body), [...pastErrors(body, now), ...tenantErrors(body, tenant)]);
  return tenant === undefined ? request : { ...request, tenant };
}

function pastErrors(body: unknown, now: number): readonly FieldError[] {
  const expiresAt = field(body, 'expiresAt');
  const past = typeof expiresAt === 'string' && Date.parse(expiresAt) <= now;
  return past ? [{ pointer: '/expiresAt', detail: 'must be in the future' }] : [];
}

function tenantErrors(body: unknown, own: string | undefined): readonly FieldError[] {
  const tenant = field(body, 'tenant');
  const others = own !== undefined && tenant !== undefined && tenant !== own;
  return others ? [{ pointer: '/tenant', detail: 'must be your own tenant, or be left out' }] : [];
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}
