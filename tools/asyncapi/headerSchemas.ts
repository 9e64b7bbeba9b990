import { EXPECTED_FILTER, EXPECTED_SEQUENCE, TRACEPARENT } from '@jobstream/eventlog';
import type { JsonSchema } from './jsonSchema.ts';

const traceparent = {
  [TRACEPARENT]: {
    type: 'string',
    pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
    description: 'The W3C trace context of what caused the message, when tracing is on.',
  },
};

const batch = {
  'Nats-Batch-Id': { type: 'string', description: 'The same for events that were stored together, all or none.' },
  'Nats-Batch-Sequence': { type: 'string', pattern: '^[1-9]\\d*$', description: 'The position in the batch, from 1.' },
  'Nats-Batch-Commit': { type: 'string', enum: ['1'], description: 'Only in the last event of a batch.' },
};

const scheduler = {
  'Nats-Scheduler': { type: 'string', description: 'The subject of the schedule message.' },
  'Nats-Schedule-Next': { type: 'string', description: 'When the schedule fires next, or `purge` for never.' },
};

const ttl = {
  'Nats-TTL': { type: 'string', description: 'After this time the server removes the message, e.g. `24h`.' },
};

const target = (subject: string) => ({
  'Nats-Schedule-Target': { type: 'string', pattern: `^${subject}$`, description: 'The subject to which it fires.' },
});

/** The headers of each kind of message. All values are strings. */
export const headerSchemas = {
  JobEventHeaders: headers(previousOf('job'), {
    ...filter('jobs\\.([a-z][a-z0-9-]{0,62}|\\*)\\.[0-9a-f-]{36}', [
      'Exactly `jobs.<type>.<id>.>`, since replicated servers compare it as a string. A JobCreated under an idempotency key, whose',
      'id is drawn from the key, has `*` as its type; one without a key has no such header and is compared with its own subject.',
    ]),
    ...traceparent,
    ...batch,
  }),
  ScheduleEventHeaders: headers(
    {
      ...previousOf('schedule'),
      ...filter('schedules\\.[a-z0-9][a-z0-9-]{0,62}', ['Exactly `schedules.<name>.>`.']),
    },
    { ...traceparent, ...batch },
  ),
  OneTimeHeaders: headers(
    {
      'Nats-Schedule': { type: 'string', pattern: '^@at ', description: '`@at` and an RFC 3339 time.' },
      ...target('timers\\.(due\\.[a-z][a-z0-9-]{0,62}|tick)'),
    },
    traceparent,
  ),
  CronHeaders: headers(
    {
      'Nats-Schedule': { type: 'string', description: 'Six cron fields, or `@every` and a period.' },
      ...target('timers\\.tick'),
    },
    { 'Nats-Schedule-Time-Zone': { type: 'string', description: 'Of the IANA database; UTC without it.' } },
  ),
  FiredHeaders: headers(scheduler, traceparent),
  TriggerFiredHeaders: headers({}, scheduler),
  NoHeaders: headers({}, {}),
  ExpiringHeaders: headers(ttl, {}),
  MaybeExpiringHeaders: headers({}, ttl),
} as const;

function previousOf(noun: string): Readonly<Record<string, JsonSchema>> {
  return {
    [EXPECTED_SEQUENCE]: {
      type: 'string',
      pattern: '^\\d+$',
      description: `The stream sequence of the ${noun}'s previous event, 0 for the first; the server refuses the event when it is not. So the history can be read backwards.`,
    },
  };
}

function filter(subject: string, description: readonly string[]): Readonly<Record<string, JsonSchema>> {
  return {
    [EXPECTED_FILTER]: { type: 'string', pattern: `^${subject}\\.>$`, description: description.join(' ') },
  };
}

function headers(required: Readonly<Record<string, JsonSchema>>, optional: Readonly<Record<string, JsonSchema>>) {
  const names = Object.keys(required);
  return { type: 'object', properties: { ...required, ...optional }, ...(names.length > 0 ? { required: names } : {}) };
}
