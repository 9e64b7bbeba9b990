import {
  Actor,
  Backoff,
  CatchUp,
  JobError,
  JobId,
  JobTemplate,
  JobType,
  ScheduleName,
  Tenant,
  Timestamp,
} from '@jobstream/domain';
import manifest from '../package.json' with { type: 'json' };
import { channels, operations, type Channel, type Operation } from './channels.ts';
import { headerSchemas } from './headerSchemas.ts';
import { jsonSchema, withReferences, type JsonSchema } from './jsonSchema.ts';
import type { Message } from './messages.ts';

const DESCRIPTION = `The subjects and messages through which Jobstream's processes communicate, and to which other services
can subscribe. Bodies are JSON in UTF-8, one event a message. Ignore unknown fields; a body with a higher \`v\` needs a newer
reader. Reading needs no permission to write: subscribe to \`jobs.*.*.failed\`, or create a durable consumer on
\`jobs.invoice.*.completed\`. To write, see docs/worker-protocol.md.`;

/** Schemas that many messages use. */
const named = { Actor, Backoff, CatchUp, JobError, JobId, JobTemplate, JobType, ScheduleName, Tenant, Timestamp };

const SERVER = {
  host: '{host}:{port}',
  protocol: 'nats',
  description: 'nats-server 2.14.4 or newer with JetStream: `NATS_URL`.',
  variables: { host: { default: '127.0.0.1' }, port: { default: '4222' } },
};

const parameters: Readonly<Record<string, string>> = {
  type: 'The job type, such as `email`.',
  id: 'The id of the job, a lower-case UUID.',
  name: 'The name of the schedule.',
  worker: 'The name of the worker, every character outside `[A-Za-z0-9_-]` replaced by `-`.',
  event: 'The event that happened.',
};

/** Returns the AsyncAPI document of all subjects and messages, derived from the schemas and subjects of the code. */
export function asyncApiDocument(): object {
  const all = channels();
  return {
    asyncapi: '3.0.0',
    info: { title: 'Jobstream events', version: manifest.version, description: DESCRIPTION, license: { name: 'MIT' } },
    defaultContentType: 'application/json',
    servers: { nats: SERVER },
    channels: mapValues(all, channelObject),
    operations: mapValues(operations, operationObject),
    components: componentsOf(Object.assign({}, ...Object.values(all).map(({ messages }) => messages))),
  };
}

function channelObject({ address, title, description, messages }: Channel): object {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const tokens = [...new Set(Object.values(messages).flatMap((message) => message.tokens ?? []))];
  const described = names.map((name) => [
    name,
    { description: parameters[name], ...(name === 'event' ? { enum: tokens } : {}) },
  ]);
  return {
    address,
    title,
    description,
    ...(names.length === 0 ? {} : { parameters: Object.fromEntries(described) }),
    messages: mapValues(messages, (_, name) => ({ $ref: `#/components/messages/${name}` })),
  };
}

function operationObject({ action, channel, summary, messages: some }: Operation): object {
  const references = some?.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    summary,
    ...(references === undefined ? {} : { messages: references }),
  };
}

function componentsOf(messages: Readonly<Record<string, Message>>): object {
  const schemas = mapValues(named, jsonSchema);
  const refer = (schema: JsonSchema) => withReferences(schema, schemas);
  return {
    messages: mapValues(messages, ({ title, summary, headers, payload }, name) => {
      return { name, title, summary, headers: { $ref: `#/components/schemas/${headers}` }, payload: refer(payload) };
    }),
    schemas: { ...mapValues(schemas, refer), ...headerSchemas },
  };
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value, name: string) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
