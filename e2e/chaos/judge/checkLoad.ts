import type { AcknowledgedChange, LoadRecord } from './evidence.ts';
import { creations, type LoggedEvent, requeues } from './readHistories.ts';
import type { JudgedJob } from './replay.ts';
import type { Violation } from './violation.ts';

type Jobs = ReadonlyMap<string, JudgedJob | undefined>;
type Histories = ReadonlyMap<string, readonly LoggedEvent[]>;

const eventsOf: Readonly<Record<AcknowledgedChange, readonly string[]>> = {
  cancelled: ['JobCancelled'],
  requeued: requeues,
  dueNow: ['JobDueNow'],
  payloadChanged: ['JobPayloadChanged'],
  priorityChanged: ['JobPriorityChanged'],
};
const ended = new Set(['completed', 'failed', 'cancelled']);

/** Every acknowledged change must be in the log, and every change in the log must have been requested. */
export function checkLoad(load: readonly LoadRecord[], histories: Histories, jobs: Jobs): readonly Violation[] {
  return [
    ...load.flatMap((record) => acknowledged(record, histories, jobs)),
    ...strangers(load, histories),
    ...doubles(load, histories),
  ];
}

function acknowledged(record: LoadRecord, histories: Histories, jobs: Jobs): readonly Violation[] {
  if (record.kind === 'sent') return [];
  const { id: jobId } = record;
  const history = histories.get(jobId) ?? [];
  if (record.kind === 'held') return knownHolder(record, history);
  if (record.kind === 'created') return keptPromise(record, history, jobs.get(jobId));
  if (record.kind === 'signalled') return keptSignal(record, history);
  const events = eventsOf[record.kind];
  if (history.some(({ event }) => events.includes(event))) return [];
  return [{ rule: 'lost-change', jobId, detail: `${events.join(' or ')} is not in the log` }];
}

function keptSignal(
  { id: jobId, signal }: Extract<LoadRecord, { kind: 'signalled' }>,
  history: readonly LoggedEvent[],
): readonly Violation[] {
  const isKept = history.some(({ event, eventId }) => event === 'JobSignalled' && eventId === signal);
  return isKept ? [] : [{ rule: 'signals', jobId, detail: `signal ${signal} is not in the log` }];
}

function knownHolder(
  { token, id: jobId }: Extract<LoadRecord, { kind: 'held' }>,
  [first]: readonly LoggedEvent[],
): readonly Violation[] {
  if (first?.data['uniqueKey'] !== undefined) return [];
  return [{ rule: 'lost', jobId, detail: `${token} was not created for it, and it is not in the log` }];
}

function keptPromise(
  { token, id: jobId, rerunOf, priority }: Extract<LoadRecord, { kind: 'created' }>,
  history: readonly LoggedEvent[],
  job: JudgedJob | undefined,
): readonly Violation[] {
  const [first] = history;
  if (first === undefined || !creations.includes(first.event))
    return [{ rule: 'lost', jobId, detail: `${token} is not in the log` }];
  if (tokenOf(first) !== token) return [{ rule: 'lost', jobId, detail: `the job is ${tokenOf(first)}, not ${token}` }];
  const repeated = first.data['rerunOf'];
  if (repeated !== rerunOf) return [{ rule: 'lost', jobId, detail: `it repeats ${String(repeated)}, not ${rerunOf}` }];
  const given = first.data['priority'];
  if (given !== priority) return [{ rule: 'lost', jobId, detail: `its priority is ${String(given)}, not ${priority}` }];
  if (job !== undefined && ended.has(job.status)) return [];
  return [{ rule: 'not-terminal', jobId, detail: `${token} is ${job?.status}` }];
}

function strangers(load: readonly LoadRecord[], histories: Histories): readonly Violation[] {
  const sent = new Set(load.flatMap((record) => (record.kind === 'sent' ? [record.token] : [])));
  return [...histories].flatMap(([jobId, [first]]): Violation[] => {
    const token = tokenOf(first);
    return token !== undefined && sent.has(token) ? [] : [{ rule: 'invented', jobId, detail: `it is ${token}` }];
  });
}

/** One creation is one job, however often it was sent: a key makes that so, and without one it is sent once. */
function doubles(load: readonly LoadRecord[], histories: Histories): readonly Violation[] {
  const ids = new Map<string, Set<string>>();
  const add = (token: string | undefined, id: string) => {
    if (token !== undefined) ids.set(token, (ids.get(token) ?? new Set()).add(id));
  };
  for (const [jobId, [first]] of histories) add(tokenOf(first), jobId);
  for (const record of load) if (record.kind === 'created') add(record.token, record.id);
  return [...ids].flatMap(([token, all]): Violation[] => {
    const [jobId, ...others] = all;
    if (jobId === undefined || others.length === 0) return [];
    return [{ rule: 'invented', jobId, detail: `${token} is also ${others.join(', ')}` }];
  });
}

/** The load generator tags every job with its own name for it. */
function tokenOf(created: LoggedEvent | undefined): string | undefined {
  const tags = created?.data['tags'];
  return Array.isArray(tags) ? String(tags[0]) : undefined;
}
