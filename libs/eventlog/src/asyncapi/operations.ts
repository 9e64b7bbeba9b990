/** What the processes of Jobstream do with a channel, or with some of its messages. */
export interface Operation {
  readonly action: 'send' | 'receive';
  readonly channel: string;
  readonly summary: string;
  readonly messages?: readonly string[];
}

const ONLY_ONE = 'of several writers that expect the same previous event, one is stored and the others are refused';

/** What the processes do, by name. */
export const operations: Readonly<Record<string, Operation>> = {
  recordJobEvent: {
    action: 'send',
    channel: 'jobs',
    summary: `The API and workers append what happens to a job: ${ONLY_ONE} (err_code 10071, 10164).`,
  },
  startAttempts: {
    action: 'receive',
    channel: 'jobs',
    messages: ['JobCreated', 'JobRequeued'],
    summary:
      'Workers take calls for work by the durable consumers `worker-<type>`, whose filter is `jobs.<type>.*.created`, and `requeued-<type>`, whose filter is `jobs.<type>.*.requeued`.',
  },
  hearCancellations: {
    action: 'receive',
    channel: 'jobs',
    messages: ['JobCancelled'],
    summary:
      'Workers hear cancellations live by a plain subscription to `jobs.<type>.*.cancelled`, and then look at the log.',
  },
  projectJobEvents: {
    action: 'receive',
    channel: 'jobs',
    summary: 'The projector reads the stream from the position that it keeps in Postgres, by an ordered consumer.',
  },
  recordScheduleEvent: {
    action: 'send',
    channel: 'schedules',
    summary: `The API and workers append what happens to a schedule: ${ONLY_ONE}.`,
  },
  hearDefinitions: {
    action: 'receive',
    channel: 'schedules',
    messages: ['ScheduleCreated', 'ScheduleUpdated', 'ScheduleDeleted'],
    summary: 'Workers hear live that a schedule has changed, and put its alarm right.',
  },
  planWakeUp: { action: 'send', channel: 'wakeUps', summary: 'Workers park delayed jobs and retries here.' },
  takeDueJobs: {
    action: 'receive',
    channel: 'due',
    summary: 'Workers take calls for work by the durable consumer `due-<type>`.',
  },
  setCronAlarm: { action: 'send', channel: 'cronAlarms', summary: 'Workers keep one alarm for each enabled schedule.' },
  setExtraAlarm: {
    action: 'send',
    channel: 'extraAlarms',
    summary: 'Workers have the server ring where cron cannot say when.',
  },
  setHourlyAlarm: { action: 'send', channel: 'hourlyAlarm', summary: 'Every worker sets it when it starts.' },
  ringForAll: {
    action: 'send',
    channel: 'ticks',
    summary: 'A worker that starts, or has been without the server, asks to look at all schedules.',
  },
  answerAlarms: {
    action: 'receive',
    channel: 'ticks',
    summary: 'Workers create the jobs of ticks, by one durable consumer that all of them share.',
  },
};
