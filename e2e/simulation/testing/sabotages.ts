import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, type Wake } from '@jobstream/eventlog';
import { isWait } from '../../chaos/judge/checkSignals.ts';
import { isSleep } from '../../chaos/judge/checkSleeps.ts';
import type { RemoteLog } from '../world/remoteLog.ts';
import { changed, readingWaits, withDeliveries } from './changedLog.ts';
import { type PlantedFault, signalSabotages } from './signalSabotages.ts';

/** What the simulation must find, each with the rule that it breaks: one act of a process out of its order, left out, or wrong. */
export const sabotages: readonly PlantedFault[] = [
  ['a message is acknowledged before the outcome is appended', 'stranded', { worker: acknowledgingEarly }],
  ['the timer of a retry is set after the acknowledgement', 'stranded', { worker: settingTimersLate }],
  ['a message that was not acknowledged is not delivered again', 'stranded', { redelivers: false }],
  ['an outcome is appended behind whatever is there', 'overtaken', { worker: withoutFence('JobCompleted') }],
  ['a step is recorded behind whatever is there', 'overtaken', { worker: withoutFence('JobStepsRecorded') }],
  ['a worker takes no notice of the steps of earlier attempts', 'steps', { worker: withoutSteps }],
  ['a step that has ended is not recorded', 'steps', { worker: withoutRecords }],
  ['the keeper carries a job without its steps', 'steps', { keeper: carryingNothing('JobCarriedWithSteps') }],
  ['a worker takes no notice of lanes', 'stranded', { worker: withoutLanes }],
  ['the keeper sets the timer of a job after it was carried', 'stranded', { keeper: carryingFirst }],
  ['the timer of a wait is not set', 'late', { worker: waitTimers({ before: false, after: false }) }],
  [
    'the timer of a wait is set after JobSuspended alone',
    'late',
    { worker: waitTimers({ before: false, after: true }) },
  ],
  ['a timer that comes before the end of a wait is not set again', 'stranded', { worker: lookingOnce }],
  ['a wait ends before its time', 'early', { worker: resumingEarly }],
  ['the time that an attempt has run begins again with each of its runs', 'sleeps', { worker: forgettingTime }],
  ['the keeper carries a job that waits without its sleeps', 'steps', { keeper: carryingNothing('JobCarriedWaiting') }],
  ...signalSabotages,
  ['a unique job is created without the claim of its key', 'claim', { api: withoutClaims }],
  ['a timer is set for an hour later', 'late', { worker: settingTimersForLater }],
  ['the code of a process throws what it should not', 'surprise', { keeper: throwing }],
];

function acknowledgingEarly(log: RemoteLog): RemoteLog {
  return withDeliveries(log, (delivery) => {
    delivery.ack();
    return delivery;
  });
}

const LATE_MS = 3_000;

function settingTimersLate(log: RemoteLog): RemoteLog {
  return changed(log, {
    scheduleWake: (wake) => {
      void pause(LATE_MS).then(() => log.scheduleWake(wake).catch(() => undefined));
      return Promise.resolve();
    },
  });
}

const HOUR_MS = 3_600_000;

function settingTimersForLater(log: RemoteLog): RemoteLog {
  return changed(log, {
    scheduleWake: ({ at, ...wake }) =>
      log.scheduleWake({ ...wake, at: new Date(Date.parse(at) + HOUR_MS).toISOString() }),
  });
}

/** Each timer is set when the next event is in the log. */
function carryingFirst(log: RemoteLog): RemoteLog {
  const held = new Map<string, Wake>();
  return changed(log, {
    scheduleWake: async (wake) => void held.set(wake.jobId, wake),
    append: async (event, expected) => {
      const sequence = await log.append(event, expected);
      const wake = held.get(event.jobId);
      if (wake !== undefined) await log.scheduleWake(wake);
      return sequence;
    },
  });
}

function withoutFence(name: JobEvent['event']): (log: RemoteLog) => RemoteLog {
  return (log) =>
    changed(log, {
      append: async (event, expected) => {
        try {
          return await log.append(event, expected);
        } catch (error) {
          if (!(error instanceof ConcurrentAppendError) || event.event !== name) throw error;
          const found = await log.readJob(event.jobId, event.jobType);
          const version = (found?.job.version ?? 0) + 1;
          return log.append({ ...event, version }, found?.sequence ?? 0);
        }
      },
    });
}

/** But for sleeps and waits: a job whose sleeps begin again in each run would never end. */
function withoutSteps(log: RemoteLog): RemoteLog {
  return changed(log, {
    readJob: async (jobId, jobType) => {
      const { steps = [], ...found } = (await log.readJob(jobId, jobType)) ?? {};
      return 'job' in found ? { ...found, steps: steps.filter((step) => isSleep(step) || isWait(step)) } : undefined;
    },
  });
}

/** Instead of a record of steps another report of progress is appended; sleeps and waits are recorded. */
function withoutRecords(log: RemoteLog): RemoteLog {
  return changed(log, {
    append: (event, expected) => {
      if (event.event !== 'JobStepsRecorded') return log.append(event, expected);
      const { attempt } = event.data;
      const steps = event.data.steps.filter((step) => isSleep(step) || isWait(step));
      if (steps.length > 0) return log.append({ ...event, data: { ...event.data, steps } }, expected);
      return log.append({ ...event, event: 'JobProgressed', data: { attempt, percent: 0 } }, expected);
    },
  });
}

function carryingNothing(name: JobEvent['event']): (log: RemoteLog) => RemoteLog {
  return (log) =>
    changed(log, {
      append: (event, expected) =>
        log.append(
          (event.event === name ? { ...event, data: { ...event.data, steps: [] } } : event) as JobEvent,
          expected,
        ),
    });
}

const BEGINS_RUN = new Set(['JobStarted', 'JobResumed']);
const OF_A_RUN = new Set(['JobProgressed', 'JobStepsRecorded']);

/** A worker that sets the timer of a wait only before, or only after, it appends JobSuspended; or neither. */
function waitTimers(when: { readonly before: boolean; readonly after: boolean }): (log: RemoteLog) => RemoteLog {
  return (log) => {
    const running = new Set<string>();
    const suspended = new Set<string>();
    return changed(log, {
      append: async (event, expected) => {
        const sequence = await log.append(event, expected);
        if (BEGINS_RUN.has(event.event)) running.add(event.jobId);
        else if (!OF_A_RUN.has(event.event)) running.delete(event.jobId);
        if (event.event === 'JobSuspended') suspended.add(event.jobId);
        return sequence;
      },
      scheduleWake: async (wake) => {
        if (running.has(wake.jobId) ? when.before : !suspended.delete(wake.jobId) || when.after)
          await log.scheduleWake(wake);
      },
    });
  };
}

function resumingEarly(log: RemoteLog): RemoteLog {
  return readingWaits(log, (job) => ({ ...job, runAt: job.createdAt }));
}

function forgettingTime(log: RemoteLog): RemoteLog {
  return readingWaits(log, ({ ranMs: _ranMs, ...job }) => job);
}

function lookingOnce(log: RemoteLog): RemoteLog {
  const waiting = new Set<string>();
  return changed(log, {
    readJob: async (jobId, jobType) => {
      const found = await log.readJob(jobId, jobType);
      if (found?.job.status === 'waiting') waiting.add(jobId);
      return found;
    },
    append: (event, expected) => {
      waiting.delete(event.jobId);
      return log.append(event, expected);
    },
    scheduleWake: (wake) => (waiting.has(wake.jobId) ? Promise.resolve() : log.scheduleWake(wake)),
  });
}

function withoutLanes(log: RemoteLog): RemoteLog {
  return withDeliveries(log, (delivery) => (delivery.priority === undefined ? delivery : undefined));
}

function withoutClaims(log: RemoteLog): RemoteLog {
  return changed(log, { appendAll: (events) => log.appendAll(events) });
}

function throwing(log: RemoteLog): RemoteLog {
  return changed(log, { scheduleWake: () => Promise.reject(new TypeError('it is not a function')) });
}
