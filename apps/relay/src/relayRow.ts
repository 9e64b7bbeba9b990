import {
  type AppendDeps,
  appendNewJob,
  existingJob,
  findExistingJob,
  isSameRequest,
  scopedCreationEvent,
} from '@jobstream/creation';
import { type Job, type JobEvent, type OnConflict, protocolOf, UNIQUE_PROTOCOL } from '@jobstream/domain';
import {
  ConcurrentAppendError,
  type EventLog,
  EventTooLargeError,
  isUniqueCreation,
  LogUnavailableError,
  TooManyPriorityTypesError,
  UniqueKeyHeldError,
} from '@jobstream/eventlog';
import type { OutboxRow } from '@jobstream/outbox';
import type { LogBeginning } from './logBeginning.ts';
import { newJobOf } from './newJobOf.ts';

export interface RelayDeps {
  readonly log: AppendDeps['log'] & Pick<EventLog, 'announcements' | 'clock'>;
  readonly table: AppendDeps['table'];
  readonly beginning: Pick<LogBeginning, 'mayHaveLost'>;
}

/** What became of a row: a new job, one that exists already, none since another one holds its unique key, or none for the reason given. */
export type Outcome = 'created' | 'repeated' | 'held' | { readonly reason: string };

/**
 * Appends the job of a row, as the API would. A row comes back when a relay ended before its commit: then its job is there already,
 * with the same fingerprint.
 *
 * @throws LogUnavailableError and the like, after which the row has to stay.
 */
export async function relayRow(row: OutboxRow, deps: RelayDeps): Promise<Outcome> {
  const job = newJobOf(row, deps.log.clock.now());
  if ('reason' in job) return job;
  const find = (id: string) => findExistingJob(id, deps);
  const outcomeOf = (existing: Job) => {
    const isSame = isSameRequest(existing, job.identity);
    return isSame ? 'repeated' : { reason: 'idempotencyKey belongs to a job with another body' };
  };
  const lost = (await deps.beginning.mayHaveLost(row)) ? await find(row.id) : undefined;
  if (lost !== undefined) return outcomeOf(lost);
  const definition = await deps.log.announcements.definitionOf(row.type);
  try {
    const created = await append(scopedCreationEvent({ ...job, definition }), job.request.unique?.onConflict, deps);
    return created === 'exists' ? outcomeOf(await existingJob(row.id, find)) : created;
  } catch (error) {
    if (error instanceof EventTooLargeError || error instanceof TooManyPriorityTypesError)
      return { reason: error.message };
    if (error instanceof UniqueKeyHeldError) return 'held';
    throw error;
  }
}

type Created = 'created' | 'exists' | 'held';

async function append(event: JobEvent, onConflict: OnConflict | undefined, deps: RelayDeps): Promise<Created> {
  const isUnique = isUniqueCreation(event);
  const protocol = Math.max(protocolOf(event.event), isUnique ? UNIQUE_PROTOCOL : 1);
  if (protocol > 1 && !(await deps.log.announcements.allUnderstand(protocol)))
    throw new LogUnavailableError('a live process of an earlier release does not understand the job yet');
  if (isUnique) return appendUnique(event, onConflict, deps);
  try {
    await deps.log.append(event, 0);
    return 'created';
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return 'exists';
    throw error;
  }
}

async function appendUnique(event: JobEvent, onConflict: OnConflict | undefined, deps: RelayDeps): Promise<Created> {
  // A row that comes back must not change the job that has the key by now.
  if ((await deps.log.readJob(event.jobId)) !== undefined) return 'exists';
  return (await appendNewJob(event, deps, onConflict)).kind;
}
