import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { jsonBody } from '../http/jsonBody.ts';
import type { Route } from '../http/route.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { cancelRebuild } from './cancelRebuild.ts';
import { readRebuild } from './readRebuild.ts';
import { rebuildOperations } from './rebuildOperations.ts';
import { requestRebuild } from './requestRebuild.ts';

/** The rebuild of the jobs table, which a projector runs. */
export function rebuildRoutes(deps: ApiDeps): readonly Route[] {
  const admin = needs('admin', { acrossTenants: true });
  const body = jsonBody({ required: false });
  return [
    {
      path: '/api/admin/projections/jobs/rebuild',
      get: { operation: rebuildOperations.read, handlers: [admin, withinDeadline(readRebuild(deps))] },
      post: { operation: rebuildOperations.request, handlers: [admin, ...body, withinDeadline(requestRebuild(deps))] },
      delete: { operation: rebuildOperations.cancel, handlers: [admin, withinDeadline(cancelRebuild(deps))] },
    },
  ];
}
