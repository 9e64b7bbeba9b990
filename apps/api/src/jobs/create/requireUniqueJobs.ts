import { UNIQUE_PROTOCOL } from '@jobstream/domain';
import type { Response } from 'express';
import { requireProtocol } from '../../announcements/requireProtocol.ts';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf } from '../../auth/caller.ts';

/** @throws Problem `upgrade-unfinished` while a process lives that would let go of the keys of unique jobs. */
export function requireUniqueJobs(res: Response, deps: Pick<ApiDeps, 'log'>): Promise<void> {
  const namesProcesses = callerOf(res).tenant === undefined;
  return requireProtocol({ protocol: UNIQUE_PROTOCOL, what: 'unique jobs', namesProcesses }, deps);
}
