import type { ApiDeps } from '../../apiDeps.ts';
import { jsonBody } from '../../http/jsonBody.ts';
import type { Route } from '../../http/route.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { needs } from '../needs.ts';
import { createKey } from './createKey.ts';
import { keyOperations } from './keyOperations.ts';
import { listKeys } from './listKeys.ts';
import { revokeKey } from './revokeKey.ts';

/** Everything under `/api/keys`. */
export function keyRoutes(deps: ApiDeps): readonly Route[] {
  const admin = needs('admin');
  const body = jsonBody({ required: true });
  return [
    {
      path: '/api/keys',
      get: { operation: keyOperations.list, handlers: [admin, withinDeadline(listKeys(deps))] },
      post: { operation: keyOperations.create, handlers: [admin, ...body, withinDeadline(createKey(deps))] },
    },
    {
      path: '/api/keys/:id',
      delete: { operation: keyOperations.revoke, handlers: [admin, withinDeadline(revokeKey(deps))] },
    },
  ];
}
