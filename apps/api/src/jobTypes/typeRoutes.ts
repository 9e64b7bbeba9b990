import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { jsonBody } from '../http/jsonBody.ts';
import type { Route } from '../http/route.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { listTypes } from './listTypes.ts';
import { pauseType } from './pauseType.ts';
import { resumeType } from './resumeType.ts';
import { typeOperations } from './typeOperations.ts';

/** Everything under `/api/types`. */
export function typeRoutes(deps: ApiDeps): readonly Route[] {
  const read = needs('jobs:read', { acrossTenants: true });
  const change = needs('admin', { acrossTenants: true });
  const body = jsonBody({ required: false });
  return [
    { path: '/api/types', get: { operation: typeOperations.list, handlers: [read, withinDeadline(listTypes(deps))] } },
    {
      path: '/api/types/:type/pause',
      post: { operation: typeOperations.pause, handlers: [change, ...body, withinDeadline(pauseType(deps))] },
    },
    {
      path: '/api/types/:type/resume',
      post: { operation: typeOperations.resume, handlers: [change, withinDeadline(resumeType(deps))] },
    },
  ];
}
