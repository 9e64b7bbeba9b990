import { JobDefaults, JobId, JobType, SignalName, Timestamp } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import { jsonSchema, type JsonSchema } from './jsonSchema.ts';
import type { Message } from './messages.ts';

const Text = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256));
const Positive = Schema.Int.check(Schema.isGreaterThan(0));
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));
const AnySchema = Schema.Unknown.annotate({ description: 'JSON Schema 2020-12.' });

const Signals = Schema.Record(SignalName, Schema.NullOr(AnySchema)).annotate({
  description: 'The signals that its jobs take, at most 32; null: with every payload.',
});

const Identity = {
  v: Schema.Literal(1),
  worker: Text,
  host: Text,
  startedAt: Timestamp,
  name: Schema.optionalKey(Text),
  version: Schema.optionalKey(Text),
};

const Block = Schema.Struct({
  since: Timestamp,
  durationMs: Count,
  jobs: Schema.Array(Schema.Struct({ jobId: JobId, attempt: Positive })).check(Schema.isMaxLength(5)),
});

const TypeAnnouncement = Schema.Struct({
  ...Identity,
  type: JobType,
  payloadSchema: Schema.optionalKey(AnySchema),
  signals: Schema.optionalKey(Signals),
  resultSchema: Schema.optionalKey(AnySchema),
  limits: Schema.Struct({
    concurrency: Positive,
    rate: Schema.optionalKey(Schema.Struct({ starts: Positive, perMs: Positive })),
  }),
  ackWaitMs: Schema.optionalKey(Positive),
  defaults: Schema.optionalKey(JobDefaults),
  schedule: Schema.optionalKey(Schema.String),
  blocked: Schema.optionalKey(Schema.Array(Block).check(Schema.isMaxLength(10))),
  stoppedAt: Schema.optionalKey(Timestamp),
});

const JobTypeDefinition = Schema.Struct({
  v: Schema.Literal(1),
  worker: Text,
  startedAt: Timestamp,
  defaults: JobDefaults,
  signals: Schema.optionalKey(Signals),
});

const Run = Schema.Struct({ jobId: JobId, type: JobType, attempt: Positive, runId: Text, startedAt: Timestamp });

const WorkerHeartbeat = Schema.Struct({
  ...Identity,
  pid: Count,
  runtime: Schema.optionalKey(Text),
  types: Schema.Array(JobType),
  stopping: Schema.optionalKey(Schema.Boolean),
  runningCount: Count,
  running: Schema.Array(Run).check(Schema.isMaxLength(100)),
  protocol: Schema.optionalKey(Positive),
  role: Schema.optionalKey(Schema.Literals(['api', 'projector'])),
});

const removed: JsonSchema = jsonSchema(Schema.Struct({ v: Schema.Literal(1), removed: Schema.Literal(true) }));
const payloadCheck: JsonSchema = jsonSchema(
  Schema.Struct({ v: Schema.Literal(1), payloadCheck: Schema.Literals(['refuse', 'warn']) }),
);

/** Returns the messages of the streams WORKERS and TYPES. They are hints: jobs run without them. */
export function announcementMessages() {
  return {
    WorkerHeartbeat: {
      title: 'A worker lives',
      summary:
        'Every 4 s, with the oldest of its running jobs, and with the version of the protocol that it understands. API and projector have a role.',
      headers: 'NoHeaders',
      payload: jsonSchema(WorkerHeartbeat),
    },
    TypeAnnouncement: {
      title: 'A worker runs a job type',
      summary: 'At its start, when something in it changes, and every hour.',
      headers: 'ExpiringHeaders',
      payload: jsonSchema(TypeAnnouncement),
    },
    TypeSettings: {
      title: 'An operator has set how payloads of a type are checked, or removed the type',
      summary: 'A removal ends all announcements of the type with a lower sequence.',
      headers: 'MaybeExpiringHeaders',
      payload: { anyOf: [payloadCheck, removed] },
    },
    TypeDefinition: {
      title: 'The definition that holds for a job type',
      summary:
        'Of all that workers have announced, that of the worker which started last; the API keeps it here when its announcement expires.',
      headers: 'NoHeaders',
      payload: jsonSchema(JobTypeDefinition),
    },
    WorkerRemoved: {
      title: 'An operator has removed a worker',
      summary: 'All its announcements with a lower sequence end.',
      headers: 'ExpiringHeaders',
      payload: removed,
    },
  } as const satisfies Record<string, Message>;
}
