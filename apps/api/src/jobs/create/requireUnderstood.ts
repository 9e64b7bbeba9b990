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

/** Whether some older release would not understand the job. */
export function asksForNewer({ unique, priority }: NewerFields): boolean {
  return unique !== undefined || laneOf(priority) !== undefined;
}

/**
 * Makes sure that every live process understands what is asked for.
 *
 * @throws Problem `upgrade-unfinished` while a process lives that would let go of the keys of unique jobs, or take no jobs of high or
 * low priority.
 */
export async function requireUnderstood(
  jobs: readonly NewerFields[],
  res: Response,
  deps: Pick<ApiDeps, 'log'>,
): Promise<void> {
  if (!jobs.some(asksForNewer)) return;
  const hasPriority = jobs.some(({ priority }) => laneOf(priority) !== undefined);
  const namesProcesses = callerOf(res).tenant === undefined;
  const [protocol, what] = hasPriority ? [PRIORITY_PROTOCOL, 'priorities'] : [UNIQUE_PROTOCOL, 'unique jobs'];
  await requireProtocol({ protocol, what, namesProcesses }, deps);
}
