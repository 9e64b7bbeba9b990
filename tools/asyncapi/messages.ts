import {
  JobEvent,
  type JobEventName,
  jobEvents,
  tokensOf,
  JobId,
  JobType,
  ScheduleEvent,
  ScheduleName,
  Timestamp,
  TimeZone,
} from '@jobstream/domain';
import { scheduleSubject } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { headerSchemas } from './headerSchemas.ts';
import { jsonSchema, type JsonSchema } from './jsonSchema.ts';

/** A message of the document. */
export interface Message {
  readonly title: string;
  readonly summary: string;
  readonly headers: keyof typeof headerSchemas;
  readonly payload: JsonSchema;
  /** What the last token of the message's subject may be, where the channel has several. */
  readonly tokens?: readonly string[];
}

const scheduleSummaries = {
  ScheduleCreated: 'The schedule exists.',
  ScheduleUpdated: 'The schedule was changed; the event has the whole definition.',
  ScheduleDeleted: 'The schedule no longer exists; its history remains under its name.',
  ScheduleTicked: 'The ticks up to `tickAt` have their jobs, or were skipped.',
} as const satisfies Record<ScheduleEvent['event'], string>;

const WakeUp = Schema.Struct({ jobId: JobId, jobType: JobType, at: Timestamp });
const CronTriggerBody = Schema.Struct({ schedule: ScheduleName, pattern: Schema.String, timeZone: TimeZone });
const ExtraTriggerBody = Schema.Struct({ schedule: ScheduleName, nextRing: Timestamp });
/** The triggers of all schedules have an empty body. */
const emptyBody: JsonSchema = { type: 'object', maxProperties: 0 };

/** Returns the messages of the stream TIMERS. They are hints: the events in the log decide. */
export function timerMessages() {
  return {
    WakeUp: {
      title: 'A timer of a job',
      summary: 'The server keeps it until `at`; a later one for the same job replaces it.',
      headers: 'OneTimeHeaders',
      payload: jsonSchema(WakeUp),
    },
    WakeUpDue: {
      title: 'A job is due',
      summary: 'The server publishes it for a WakeUp. It may be delivered twice. Work for a worker.',
      headers: 'FiredHeaders',
      payload: jsonSchema(WakeUp),
    },
    CronTrigger: {
      title: 'A cron trigger of a schedule',
      summary: 'The server fires it by these six cron fields; a later one for the same schedule replaces it.',
      headers: 'CronHeaders',
      payload: jsonSchema(CronTriggerBody),
    },
    ExtraTrigger: {
      title: 'An additional trigger of a schedule',
      summary: 'It fires at an instant that the cron trigger misses.',
      headers: 'OneTimeHeaders',
      payload: jsonSchema(ExtraTriggerBody),
    },
    HourlyTrigger: {
      title: 'The hourly trigger of all schedules',
      summary: 'It fires once an hour, so that missed ticks are found.',
      headers: 'CronHeaders',
      payload: emptyBody,
    },
    TriggerFired: {
      title: 'A trigger has fired, for one schedule or, without a name, for all',
      summary: 'It may be delivered twice; the events of the schedule tell which ticks are due.',
      headers: 'TriggerFiredHeaders',
      payload: { anyOf: [jsonSchema(CronTriggerBody), jsonSchema(ExtraTriggerBody), emptyBody] },
    },
  } as const satisfies Record<string, Message>;
}

/** Returns the events of jobs, by name. */
export function jobMessages(): Readonly<Record<string, Message>> {
  const messages = JobEvent.members.map((schema) => {
    const name = schema.fields.event.literal;
    return eventMessage(schema, { headers: 'JobEventHeaders', summary: summaryOf(name), tokens: tokensOf(name) });
  });
  return Object.fromEntries(messages);
}

/** What the event says, and what else its definition says in a word. */
function summaryOf(name: JobEventName): string {
  const { summary, callsForWork, byOperator } = jobEvents[name];
  const call = callsForWork ? ' A call for work.' : '';
  return `${summary}${call}${byOperator ? ' An operator asked for it.' : ''}`;
}

/** Returns the events of schedules, by name. */
export function scheduleMessages(): Readonly<Record<string, Message>> {
  const messages = ScheduleEvent.members.map((schema) => {
    const event = schema.fields.event.literal;
    const tokens = scheduleSubject({ event, schedule: '' } as ScheduleEvent)
      .split('.')
      .slice(-1);
    return eventMessage(schema, { headers: 'ScheduleEventHeaders', summary: scheduleSummaries[event], tokens });
  });
  return Object.fromEntries(messages);
}

type EventSchema = (typeof JobEvent.members)[number] | (typeof ScheduleEvent.members)[number];
type Description = Pick<Message, 'headers' | 'summary'> & { readonly tokens: readonly string[] };

function eventMessage(schema: EventSchema, { headers, summary, tokens }: Description): readonly [string, Message] {
  const name = schema.fields.event.literal;
  const title = `${name}, whose subject ends in ${tokens.map((token) => `\`${token}\``).join(' or ')}`;
  return [name, { title, summary, headers, payload: jsonSchema(schema), tokens }];
}
