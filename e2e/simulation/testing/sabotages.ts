import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, type Delivery, type Wake } from '@jobstream/eventlog';
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
  ['the keeper carries a job without its steps', 'steps', { keeper: carryingNoSteps }],
  ['a worker takes no notice of lanes', 'stranded', { worker: withoutLanes }],
  ['the keeper sets the timer of a job after it was carried', 'stranded', { keeper: carryingFirst }],
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

function withoutSteps(log: RemoteLog): RemoteLog {
  return changed(log, {
    readJob: async (jobId, jobType) => {
      const { steps: _steps, ...found } = (await log.readJob(jobId, jobType)) ?? {};
      return 'job' in found ? found : undefined;
    },
  });
}

/** Instead of a record of steps another report of progress is appended. */
function withoutRecords(log: RemoteLog): RemoteLog {
  return changed(log, {
    append: (event, expected) => {
      if (event.event !== 'JobStepsRecorded') return log.append(event, expected);
      const { attempt } = event.data;
      return log.append({ ...event, event: 'JobProgressed', data: { attempt, percent: 0 } }, expected);
    },
  });
}

function carryingNoSteps(log: RemoteLog): RemoteLog {
  return changed(log, {
    append: (event, expected) =>
      log.append(
        event.event === 'JobCarriedWithSteps' ? { ...event, data: { ...event.data, steps: [] } } : event,
        expected,
      ),
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
