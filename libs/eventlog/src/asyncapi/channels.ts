import type { JobEvent, ScheduleEvent } from '@jobstream/domain';
import {
  cronSubject,
  extraTriggerSubject,
  HOURLY_SUBJECT,
  scheduleSubject,
  TICK_SUBJECT,
} from '../streams/scheduleSubjects.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { dueSubject, eventSubject, wakeSubject } from '../streams/jobSubjects.ts';
import { jobMessages, scheduleMessages, timerMessages, type Message } from './messages.ts';

/** A place in the streams as AsyncAPI has it: a subject, and what is stored there. */
export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, Message>>;
}

const inJobs = `In the stream \`${JOBS_STREAM}\`: file storage, nothing is ever deleted but by age (\`JOBS_MAX_AGE\`).`;
const inTimers = `In the stream \`${TIMERS_STREAM}\`: file storage, gone when acknowledged, \`allow_msg_schedules\`.`;

/** Subjects are what the functions that everybody uses make of placeholders. */
export function channels(): Readonly<Record<string, Channel>> {
  return { ...logChannels(), ...wakeUpChannels(), ...alarmChannels() };
}

function logChannels() {
  return {
    jobs: {
      address: anyEvent(eventSubject({ event: 'JobCreated', jobType: '{type}', jobId: '{id}' } as JobEvent)),
      title: 'What happens to jobs',
      description: `The truth, and the queue. ${inJobs}`,
      messages: jobMessages(),
    },
    schedules: {
      address: anyEvent(scheduleSubject({ event: 'ScheduleCreated', schedule: '{name}' } as ScheduleEvent)),
      title: 'What happens to recurring schedules',
      description: inJobs,
      messages: scheduleMessages(),
    },
  };
}

function wakeUpChannels() {
  const { WakeUp, WakeUpDue } = timerMessages();
  return {
    wakeUps: {
      address: wakeSubject('{id}', '{type}'),
      title: 'When a job is to be woken up',
      description: `Delayed jobs and retries: the subject is the job, so a later message replaces an earlier one. ${inTimers}`,
      messages: { WakeUp },
    },
    due: {
      address: dueSubject('{type}'),
      title: 'Jobs that are due',
      description: inTimers,
      messages: { WakeUpDue },
    },
  };
}

function alarmChannels() {
  const { CronAlarm, ExtraAlarm, HourlyAlarm, AlarmRung } = timerMessages();
  return {
    cronAlarms: {
      address: cronSubject('{name}'),
      title: 'When to ring for a schedule',
      description: inTimers,
      messages: { CronAlarm },
    },
    extraAlarms: {
      address: extraTriggerSubject('{name}'),
      title: 'When to ring once more for a schedule',
      description: inTimers,
      messages: { ExtraAlarm },
    },
    hourlyAlarm: {
      address: HOURLY_SUBJECT,
      title: 'When to ring for all schedules',
      description: inTimers,
      messages: { HourlyAlarm },
    },
    ticks: {
      address: TICK_SUBJECT,
      title: 'Alarms that ring',
      description: `Answered one after the other over all workers. ${inTimers}`,
      messages: { AlarmRung },
    },
  };
}

function anyEvent(subject: string): string {
  return subject.replace(/[^.]+$/, '{event}');
}
