import * as Schema from 'effect/Schema';

const FieldMistake = Schema.Struct({ pointer: Schema.String, detail: Schema.String });

/** What the response to an accepted job or schedule says beside it. */
export const PayloadWarning = Schema.Struct({
  code: Schema.Literals(['unknown-type', 'payload-mismatch']).annotateKey({
    description:
      '`unknown-type`: no worker has announced the type. `payload-mismatch`: no worker of the type accepts the payload; the type only warns.',
  }),
  pointer: Schema.String.annotateKey({ description: 'The place in the body (RFC 6901).' }),
  detail: Schema.String,
  nearest: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
    description: 'Known types of similar names.',
  }),
  errors: Schema.optionalKey(Schema.Array(FieldMistake)).annotateKey({ description: 'The mistakes in the payload.' }),
}).annotate({ identifier: 'Warning' });
export type PayloadWarning = typeof PayloadWarning.Type;

/** The field of a response that has them. It is left out when there are none. */
export const warningsField = Schema.optionalKey(Schema.Array(PayloadWarning));

/** Returns undefined for no warnings, so that the field is left out. */
export function unlessEmpty(warnings: readonly PayloadWarning[]): readonly PayloadWarning[] | undefined {
  return warnings.length === 0 ? undefined : warnings;
}
