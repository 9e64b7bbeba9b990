import { defineJob } from '@jobstream/client';
import * as Schema from 'effect/Schema';

/** Defines a job type by an effect schema of its payload. */
export function effectJob<Payload, Encoded>(type: string, payload: Schema.Codec<Payload, Encoded>) {
  return defineJob(type, { payload: Schema.toStandardJSONSchemaV1(Schema.toStandardSchemaV1(payload)) });
}
