import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, type Delivery, type Wake } from '@jobstream/eventlog';
import { isWait } from '../../chaos/judge/checkSignals.ts';
import { isSleep } from '../../chaos/judge/checkSleeps.ts';
import type { RemoteLog } from '../world/remoteLog.ts';
import type { Sabotage } from '../world/sabotage.ts';

/** What the simulation must find, each with the rule that it breaks: one act of a process out of its order, left out, or wrong. */
export const sabotages: readonly (readonly [what: string, rule: string, Sabotage])[] = [
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
  ['a wait begins although its signal is unread', 'late', { worker: suspendingBlindly() }],
  ['a signal is acknowledged by whoever gets it', 'late', { worker: acknowledgingSignals }],
  ['a signal ends the run of its job', 'lost-run', { worker: endingRuns }],
  ['a signal is read without a record', 'signals', { worker: readingSilently }],
  ['the keeper carries a job without its signals', 'signals', { keeper: carryingNoSignals }],
  ['a signal that is sent again is stored again', 'message', { api: storingAgain }],
  ['a unique job is created without the claim of its key', 'claim', { api: withoutClaims }],
  ['a timer is set for an hour later', 'late', { worker: settingTimersForLater }],
  ['the code of a process throws what it should not', 'surprise', { keeper: throwing }],
];

/** The log with other methods. */
function changed(log: RemoteLog, methods: Partial<RemoteLog>): RemoteLog {
  const own = (name: string | symbol) => (name in methods ? methods : log);
  return new Proxy(log, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(own(name), name, own(name));
      return typeof value === 'function' ? (value as () => unknown).bind(own(name)) : value;
    },
  });
}

function withDeliveries(log: RemoteLog, change: (delivery: Delivery) => Delivery | undefined): RemoteLog {
  return changed(log, {
    openQueue: ({ onDelivery, ...options }) =>
      log.openQueue({
        ...options,
        onDelivery: async (delivery) => {
          const other = change(delivery);
          return other === undefined ? true : onDelivery(other);
        },
      }),
  });
}

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

/** The log as a worker has it that reads another state of each job that waits. */
function readingWaits(log: RemoteLog, read: (job: Job) => Job): RemoteLog {
  return changed(log, {
    readJob: async (jobId, jobType) => {
      const found = await log.readJob(jobId, jobType);
      return found?.job.status === 'waiting' ? { ...found, job: read(found.job) } : found;
    },
  });
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

function withoutLanes(log: RemoteLog): RemoteLog {
  return withDeliveries(log, (delivery) => (delivery.priority === undefined ? delivery : undefined));
}

function withoutClaims(log: RemoteLog): RemoteLog {
  return changed(log, { appendAll: (events) => log.appendAll(events) });
}

function throwing(log: RemoteLog): RemoteLog {
  return changed(log, { scheduleWake: () => Promise.reject(new TypeError('it is not a function')) });
}
