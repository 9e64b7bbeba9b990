import { defineJob } from '@jobstream/client';
import * as Option from 'effect/Option';
import * as Schema from 'effect/Schema';

/** Defines a job type by an effect schema of its payload, which must decode without waiting. */
export function effectJob<Payload, Encoded>(type: string, payload: Schema.Codec<Payload, Encoded>) {
  const standard = Schema.toStandardJSONSchemaV1(Schema.toStandardSchemaV1(payload));
  const decode = Schema.decodeUnknownOption(payload);
  // The validation of effect starts a fiber for each call, which takes several times as long as to decode.
  const validate: (typeof standard)['~standard']['validate'] = (value) => {
    const decoded = decode(value);
    return Option.isSome(decoded) ? { value: decoded.value } : standard['~standard'].validate(value);
  };
  return defineJob(type, { payload: { '~standard': { ...standard['~standard'], validate } } });
}
