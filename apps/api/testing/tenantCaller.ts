import { scopes } from '@jobstream/readmodel';
import type { TestApi } from './startApi.ts';

/** Calls the API as a tenant: `call('POST /api/jobs', { type: 'email' })`. A body that is no text is sent as JSON. */
export type Call = (call: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;

/** Returns the calls of a tenant with a key for everything, which its first call makes; of null, of an operator who sees all tenants. */
export function tenantCaller(api: TestApi, tenant: string | null): Call {
  let made: ReturnType<TestApi['keys']['create']> | undefined;
  return async (call, body, headers = {}) => {
    const { text } = await (made ??= api.keys.create({ name: 'test', scopes: [...scopes], tenant, expiresAt: null }));
    const [method = '', path = ''] = call.split(' ');
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const json = { authorization: `Bearer ${text}`, 'content-type': 'application/json' };
    return api.fetch(path, { method, headers: { ...json, ...headers }, ...content });
  };
}
