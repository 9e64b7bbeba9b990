import { type JobEvent, type ScheduleEvent, workEventNames } from '@jobstream/domain';
import {
  announcementSubject,
  cronSubject,
  definitionSubject,
  dueSubject,
  eventSubject,
  extraTriggerSubject,
  heartbeatSubject,
  HOURLY_SUBJECT,
  JOBS_STREAM,
  scheduleSubject,
  settingsSubject,
  TICK_SUBJECT,
  TIMERS_STREAM,
  TYPES_STREAM,
  wakeSubject,
  workerRemovedSubject,
  WORKERS_STREAM,
} from '@jobstream/eventlog';
import { announcementMessages } from './announcementMessages.ts';
import { jobMessages, scheduleMessages, timerMessages, type Message } from './messages.ts';

/** A channel of the document: a subject, and the messages stored on it. */
export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, Message>>;
}

const inJobs = `In the stream \`${JOBS_STREAM}\`: file storage, immutable; messages older than \`JOBS_MAX_AGE\` leave it from its beginning.`;
const inTimers = `In the stream \`${TIMERS_STREAM}\`: file storage, removed when acknowledged, \`allow_msg_schedules\`.`;

/** Returns all channels. Their addresses come from the functions that build the real subjects, called with placeholders. */
export function channels(): Readonly<Record<string, Channel>> {
  return { ...logChannels(), ...timerChannels(), ...announcementChannels() };
}

function logChannels() {
  return {
    jobs: {
      address: anyEvent(eventSubject({ event: 'JobCreated', jobType: '{type}', jobId: '{id}' } as JobEvent)),
      title: 'Events of jobs',
      description: `The source of truth, and the queue of work. ${inJobs}`,
      messages: jobMessages(),
    },
    schedules: {
      address: anyEvent(scheduleSubject({ event: 'ScheduleCreated', schedule: '{name}' } as ScheduleEvent)),
      title: 'Events of recurring schedules',
      description: inJobs,
      messages: scheduleMessages(),
    },
  };
}

function timerChannels() {
  const { WakeUp, WakeUpDue, CronTrigger, ExtraTrigger, HourlyTrigger, TriggerFired } = timerMessages();
  const wakeUps = 'Delayed jobs and retries. A job has one subject, so a later message replaces an earlier one.';
  return {
    wakeUps: timer(wakeSubject('{id}', '{type}'), 'Timers of jobs', { WakeUp }, wakeUps),
    due: timer(dueSubject('{type}'), 'Jobs that are due', { WakeUpDue }),
    dueHigh: timer(dueSubject('{type}', 'high'), 'Jobs of high priority that are due', { WakeUpDue }),
    dueLow: timer(dueSubject('{type}', 'low'), 'Jobs of low priority that are due', { WakeUpDue }),
    cronTriggers: timer(cronSubject('{name}'), 'Cron triggers of schedules', { CronTrigger }),
    extraTriggers: timer(extraTriggerSubject('{name}'), 'Additional triggers of schedules', { ExtraTrigger }),
    hourlyTrigger: timer(HOURLY_SUBJECT, 'The hourly trigger of all schedules', { HourlyTrigger }),
    ticks: timer(TICK_SUBJECT, 'Fired triggers', { TriggerFired }, 'Handled one at a time over all workers.'),
  };
}

function announcementChannels() {
  const messages = announcementMessages();
  const { WorkerHeartbeat, TypeAnnouncement, TypeDefinition, TypeSettings, WorkerRemoved } = messages;
  const newest = 'the newest message of each subject; one without a body stands for one that has expired.';
  const inTypes = `In the stream \`${TYPES_STREAM}\`: file storage, ${newest}`;
  return {
    typeSettings: {
      address: settingsSubject('{type}'),
      title: 'Settings of job types',
      description: inTypes,
      messages: { TypeSettings },
    },
    typeDefinitions: {
      address: definitionSubject('{type}'),
      title: 'Definitions of job types',
      description: inTypes,
      messages: { TypeDefinition },
    },
    removedWorkers: {
      address: ofWorker(workerRemovedSubject('{worker}')),
      title: 'Removals of workers',
      description: inTypes,
      messages: { WorkerRemoved },
    },
    announcements: {
      address: ofWorker(announcementSubject('{type}', '{worker}')),
      title: 'Job types that workers run',
      description: inTypes,
      messages: { TypeAnnouncement },
    },
    heartbeats: {
      address: ofWorker(heartbeatSubject('{worker}')),
      title: 'Heartbeats of workers',
      description: `In the stream \`${WORKERS_STREAM}\`: removed after 12 s; ${newest}`,
      messages: { WorkerHeartbeat },
    },
  };
}

/** The functions that build these subjects take the braces of the placeholder for characters of a worker's name. */
function ofWorker(subject: string): string {
  return subject.replace('-worker-', '{worker}');
}

function timer(address: string, title: string, messages: Channel['messages'], description = ''): Channel {
  return { address, title, description: `${description} ${inTimers}`.trim(), messages };
}

function anyEvent(subject: string): string {
  return subject.replace(/[^.]+$/, '{event}');
}

/** What Jobstream's processes do with a channel, or with some of its messages. */
export interface Operation {
  readonly action: 'send' | 'receive';
  readonly channel: string;
  readonly summary: string;
  readonly messages?: readonly string[];
}

const ONLY_ONE = 'of several writers that expect the same previous event, one succeeds and the others are refused';

/** All operations, by name. */
export const operations: Readonly<Record<string, Operation>> = {
  recordJobEvent: {
    action: 'send',
    channel: 'jobs',
    summary: `The API and workers append events of jobs: ${ONLY_ONE} (err_code 10071, 10164).`,
  },
  startAttempts: {
    action: 'receive',
    channel: 'jobs',
    messages: workEventNames,
    summary:
      'Workers take work by the durable consumers `worker-<type>`, whose filter is `jobs.<type>.*.created`, `requeued-<type>`, whose filter is `jobs.<type>.*.requeued`, and once there are such jobs `high-<type>` and `low-<type>`, whose filters are `jobs.<type>.*.high` and `….low`.',
  },
  subscribeToCancellations: {
    action: 'receive',
    channel: 'jobs',
    messages: ['JobCancelled'],
    summary:
      'Workers learn of cancellations by a plain subscription to `jobs.<type>.*.cancelled`, and then read the log.',
  },
  projectJobEvents: {
    action: 'receive',
    channel: 'jobs',
    summary: 'The projector reads the stream from the position that it keeps in Postgres, with an ordered consumer.',
  },
  recordScheduleEvent: {
    action: 'send',
    channel: 'schedules',
    summary: `The API and workers append events of schedules: ${ONLY_ONE}.`,
  },
  subscribeToDefinitions: {
    action: 'receive',
    channel: 'schedules',
    messages: ['ScheduleCreated', 'ScheduleUpdated', 'ScheduleDeleted'],
    summary: 'Workers learn that a schedule has changed, and reconcile its trigger.',
  },
  scheduleWakeUp: {
    action: 'send',
    channel: 'wakeUps',
    summary: 'Workers set the timers of delayed jobs and retries.',
  },
  wakeUpNow: {
    action: 'send',
    channel: 'due',
    summary: 'The API publishes what the timer of a job would have become, when an operator does not want to wait.',
  },
  takeDueJobs: {
    action: 'receive',
    channel: 'due',
    summary: 'Workers take work by the durable consumer `due-<type>`.',
  },
  takeDueJobsOfHighPriority: {
    action: 'receive',
    channel: 'dueHigh',
    summary: 'Workers take work by the durable consumer `high-<type>`.',
  },
  takeDueJobsOfLowPriority: {
    action: 'receive',
    channel: 'dueLow',
    summary: 'Workers take work by the durable consumer `low-<type>`.',
  },
  setCronTrigger: {
    action: 'send',
    channel: 'cronTriggers',
    summary: 'Workers keep one trigger for each enabled schedule.',
  },
  setExtraTrigger: {
    action: 'send',
    channel: 'extraTriggers',
    summary: 'Workers set a trigger for an instant that the cron trigger misses.',
  },
  setHourlyTrigger: { action: 'send', channel: 'hourlyTrigger', summary: 'Every worker sets it at its start.' },
  fireAll: {
    action: 'send',
    channel: 'ticks',
    summary: 'A worker that starts or reconnects asks for a check of all schedules.',
  },
  handleTriggers: {
    action: 'receive',
    channel: 'ticks',
    summary: 'Workers create the jobs of due ticks, with one durable consumer that all of them share.',
  },
  announceType: { action: 'send', channel: 'announcements', summary: 'Workers announce the job types that they run.' },
  beat: { action: 'send', channel: 'heartbeats', summary: 'Workers report that they live, and what they run.' },
  keepDefinition: {
    action: 'send',
    channel: 'typeDefinitions',
    summary: 'The API keeps the definition that holds for each job type.',
  },
  readDefinition: {
    action: 'receive',
    channel: 'typeDefinitions',
    summary: 'Workers read it for the jobs of schedules, and the relay for those of outboxes.',
  },
  setPayloadCheck: { action: 'send', channel: 'typeSettings', summary: 'The API sets and removes job types.' },
  removeWorker: { action: 'send', channel: 'removedWorkers', summary: 'The API removes a worker.' },
  followTypes: {
    action: 'receive',
    channel: 'announcements',
    summary: 'The API follows the stream with an ordered consumer, from the newest message of each subject on.',
  },
  followWorkers: { action: 'receive', channel: 'heartbeats', summary: 'As the stream of job types.' },
};
