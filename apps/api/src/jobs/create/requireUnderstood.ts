import { laneOf, type Priority, PRIORITY_PROTOCOL, UNIQUE_PROTOCOL } from '@jobstream/domain';
import type { Response } from 'express';
import { requireProtocol } from '../../announcements/requireProtocol.ts';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf } from '../../auth/caller.ts';

/** What of a job, or of the template of a schedule, not every release understands. */
interface NewerFields {
  readonly unique?: object;
  readonly priority?: Priority;
}

/**
 * Makes sure that every live process understands what is asked for; returns nothing where every release does.
 *
 * @throws Problem `upgrade-unfinished` while a process lives that would let go of the keys of unique jobs, or take no jobs of high or
 * low priority.
 */
export function requireUnderstood(
  jobs: readonly NewerFields[],
  res: Response,
  deps: Pick<ApiDeps, 'log'>,
): Promise<void> | undefined {
  const isUnique = jobs.some(({ unique }) => unique !== undefined);
  const hasPriority = jobs.some(({ priority }) => laneOf(priority) !== undefined);
  if (!isUnique && !hasPriority) return undefined;
  const namesProcesses = callerOf(res).tenant === undefined;
  const [protocol, what] = hasPriority ? [PRIORITY_PROTOCOL, 'priorities'] : [UNIQUE_PROTOCOL, 'unique jobs'];
  return requireProtocol({ protocol, what, namesProcesses }, deps);
}
