import type { WorkerHeartbeat } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';
import { Problem } from '../problems/problem.ts';

export interface ProtocolNeed {
  /** The version of the worker protocol that brings what is to be written. */
  readonly protocol: number;
  /** What is to be written, for the sentence to the caller, e.g. `JobDueNow`. */
  readonly what: string;
  /** Whether the caller may know about workers and other processes, as callers with a tenant may not. */
  readonly namesProcesses: boolean;
}

/**
 * Makes sure that every live process understands what is to be written. Call it before anything is stored.
 *
 * @throws Problem `upgrade-unfinished`, which names the first process that is older.
 */
export async function requireProtocol(need: ProtocolNeed, { log }: Pick<ApiDeps, 'log'>): Promise<void> {
  const { protocol, namesProcesses } = need;
  if (protocol === 1 || (await log.announcements.allUnderstand(protocol))) return;
  const detail = `${subjectOf(namesProcesses ? await log.announcements.olderThan(protocol) : [])} not announce yet to understand ${need.what}: nothing was changed`;
  throw new Problem('upgrade-unfinished', { detail });
}

function subjectOf(processes: readonly Pick<WorkerHeartbeat, 'worker' | 'host'>[]): string {
  const [first] = processes;
  if (first === undefined) return 'some process does';
  const one = `${first.worker} on ${first.host}`;
  return processes.length === 1 ? `${one} does` : `${one} and ${processes.length - 1} more do`;
}
