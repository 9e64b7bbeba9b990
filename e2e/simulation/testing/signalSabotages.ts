import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { RemoteLog } from '../world/remoteLog.ts';
import type { Sabotage } from '../world/sabotage.ts';
import { changed, readingWaits, withDeliveries } from './changedLog.ts';

/** What is planted, the rule by which it must be found, and how. */
export type PlantedFault = readonly [what: string, rule: string, Sabotage];

/** Faults in what becomes of signals. */
export const signalSabotages: readonly PlantedFault[] = [
  ['a wait begins although its signal is unread', 'late', { worker: suspendingBlindly() }],
  ['a signal is acknowledged by whoever gets it', 'late', { worker: acknowledgingSignals }],
  ['a signal ends the run of its job', 'lost-run', { worker: endingRuns }],
  ['a signal is read without a record', 'signals', { worker: readingSilently }],
  ['the keeper carries a job without its signals', 'signals', { keeper: carryingNoSignals }],
  ['a signal that is sent again is stored again', 'message', { api: storingAgain }],
];

const HOUR_MS = 3_600_000;

/** A signal that is unread when an attempt begins to wait for it does not call for it. */
function suspendingBlindly(): (log: RemoteLog) => RemoteLog {
  const begun = new Map<string, { readonly version: number; readonly until: string }>();
  return (log) => {
    const suspended = new Map<string, string>();
    const waiting = readingWaits(log, (job) => {
      const wait = begun.get(job.id);
      return wait?.version === job.version ? { ...job, runAt: wait.until } : job;
    });
    return changed(waiting, {
      append: async (event, expected) => {
        const sequence = await log.append(event, expected);
        if (event.event !== 'JobSuspended') return sequence;
        begun.set(event.jobId, { version: event.version, until: event.data.until });
        suspended.set(event.jobId, event.data.until);
        return sequence;
      },
      scheduleWake: ({ at, ...wake }) => {
        const until = suspended.get(wake.jobId);
        suspended.delete(wake.jobId);
        const most = new Date(log.clock.now() + HOUR_MS).toISOString();
        return log.scheduleWake({ ...wake, at: until === undefined ? at : until < most ? until : most });
      },
    });
  };
}

function acknowledgingSignals(log: RemoteLog): RemoteLog {
  return withDeliveries(log, (delivery) => {
    if (delivery.recorded?.event.event !== 'JobSignalled') return delivery;
    delivery.ack();
    return undefined;
  });
}

/** An append that a signal has come before finds the job as if another worker had begun its attempt. */
function endingRuns(log: RemoteLog): RemoteLog {
  const conflicts = new Set<string>();
  return changed(log, {
    append: async (event, expected) => {
      try {
        return await log.append(event, expected);
      } catch (error) {
        if (error instanceof ConcurrentAppendError) conflicts.add(event.jobId);
        throw error;
      }
    },
    readJob: async (jobId, jobType) => {
      const found = await log.readJob(jobId, jobType);
      if (found?.signals === undefined || !conflicts.delete(jobId)) return found;
      return { ...found, job: { ...found.job, startedAt: found.job.createdAt } };
    },
  });
}

function readingSilently(log: RemoteLog): RemoteLog {
  return changed(log, {
    append: (event, expected) => {
      if (event.event !== 'JobStepsRecorded') return log.append(event, expected);
      const { attempt } = event.data;
      const steps = event.data.steps.filter(({ signal }) => signal === undefined);
      if (steps.length > 0) return log.append({ ...event, data: { ...event.data, steps } }, expected);
      return log.append({ ...event, event: 'JobProgressed', data: { attempt, percent: 0 } }, expected);
    },
  });
}

function carryingNoSignals(log: RemoteLog): RemoteLog {
  return changed(log, {
    append: (event, expected) => {
      const { signals: _signals, ...data } = event.data as { readonly signals?: unknown };
      return log.append((event.event === 'JobSignalled' ? event : { ...event, data }) as JobEvent, expected);
    },
  });
}

function storingAgain(log: RemoteLog): RemoteLog {
  return changed(log, {
    readJob: async (jobId, jobType) => {
      const found = await log.readJob(jobId, jobType);
      if (found === undefined) return undefined;
      const { signals: _signals, sequences: _sequences, ...others } = found;
      return others;
    },
  });
}
