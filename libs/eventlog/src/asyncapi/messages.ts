import {
  JobEvent,
  jobEvents,
  JobId,
  JobType,
  ScheduleEvent,
  ScheduleName,
  Timestamp,
  TimeZone,
} from '@jobstream/domain';
import { Schema } from 'effect';
import { scheduleSubject } from '../streams/scheduleSubjects.ts';
import type { headerSchemas } from './headerSchemas.ts';
import { jsonSchema, type JsonSchema } from './jsonSchema.ts';

/** A kind of message as AsyncAPI has it. */
export interface Message {
  readonly title: string;
  readonly summary: string;
  readonly headers: keyof typeof headerSchemas;
  readonly payload: JsonSchema;
  /** The last token of its subject, where that depends on the message. */
  readonly token?: string;
}

const scheduleSummaries = {
  ScheduleCreated: 'The schedule exists.',
  ScheduleUpdated: 'The schedule was changed; this is all of it.',
  ScheduleDeleted: 'The schedule is gone; its name keeps its history.',
  ScheduleTicked: 'The ticks up to `tickAt` are dealt with.',
} as const satisfies Record<ScheduleEvent['event'], string>;

const WakeUp = Schema.Struct({ jobId: JobId, jobType: JobType, at: Timestamp });
const CronRing = Schema.Struct({ schedule: ScheduleName, pattern: Schema.String, timeZone: TimeZone });
const OneRing = Schema.Struct({ schedule: ScheduleName, nextRing: Timestamp });
/** Who rings for all schedules says nothing. */
const nothing: JsonSchema = { type: 'object', maxProperties: 0 };

/** What the timers are made of. Their bodies have no truth in them: the log has. */
export function timerMessages() {
  return {
    WakeUp: {
      title: 'Wake a job up',
      summary: 'The server keeps it until `at`; a later one for the same job replaces it.',
      headers: 'OneTimeHeaders',
      payload: jsonSchema(WakeUp),
    },
    WakeUpDue: {
      title: 'A job is due',
      summary: 'What the server makes of a WakeUp. It may come twice. A call for work.',
      headers: 'FiredHeaders',
      payload: jsonSchema(WakeUp),
    },
    CronAlarm: {
      title: 'Ring for a schedule',
      summary: 'The server rings by these six cron fields; a later one for the same schedule replaces it.',
      headers: 'CronHeaders',
      payload: jsonSchema(CronRing),
    },
    ExtraAlarm: {
      title: 'Ring once more for a schedule',
      summary: 'At an instant at which its cron alarm does not ring.',
      headers: 'OneTimeHeaders',
      payload: jsonSchema(OneRing),
    },
    HourlyAlarm: {
      title: 'Ring for all schedules once an hour',
      summary: 'So that whatever was left undone is found.',
      headers: 'CronHeaders',
      payload: nothing,
    },
    AlarmRung: {
      title: 'It is time to look at a schedule, or without a name at all of them',
      summary: 'It may come twice; the log of the schedule tells what is to be done.',
      headers: 'RungHeaders',
      payload: { anyOf: [jsonSchema(CronRing), jsonSchema(OneRing), nothing] },
    },
  } as const satisfies Record<string, Message>;
}

/** The events of jobs, by their names. */
export function jobMessages(): Readonly<Record<string, Message>> {
  const messages = JobEvent.members.map((schema) => {
    const { summary, token } = jobEvents[schema.fields.event.literal];
    return eventMessage(schema, { headers: 'JobEventHeaders', summary, token });
  });
  return Object.fromEntries(messages);
}

/** The events of schedules, by their names. */
export function scheduleMessages(): Readonly<Record<string, Message>> {
  const messages = ScheduleEvent.members.map((schema) => {
    const event = schema.fields.event.literal;
    const token =
      scheduleSubject({ event, schedule: '' } as ScheduleEvent)
        .split('.')
        .at(-1) ?? '';
    return eventMessage(schema, { headers: 'ScheduleEventHeaders', summary: scheduleSummaries[event], token });
  });
  return Object.fromEntries(messages);
}

type EventSchema = (typeof JobEvent.members)[number] | (typeof ScheduleEvent.members)[number];
type About = Pick<Message, 'headers' | 'summary'> & { readonly token: string };

function eventMessage(schema: EventSchema, { headers, summary, token }: About): readonly [string, Message] {
  const name = schema.fields.event.literal;
  const title = `${name}, whose subject ends in \`${token}\``;
  return [name, { title, summary, headers, payload: jsonSchema(schema), token }];
}
