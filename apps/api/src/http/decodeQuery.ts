import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';
import { type FieldError, Problem } from '../problems/problem.ts';
import { schemaErrors } from './schemaErrors.ts';

/** The page size of lists whose request has no `limit`. */
export const DEFAULT_LIMIT = 50;

/** A parameter that is a whole number, as the text that `pattern` describes. */
export function integerParameter(pattern: RegExp, annotations: { expected: string; jsonSchema?: object }) {
  return Schema.String.check(Schema.isPattern(pattern, annotations)).pipe(
    Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: Number, encode: String })),
  );
}

/** The parameter `limit` of a list: 1 to 200. */
export const Limit = integerParameter(/^(?:[1-9]\d?|1\d\d|200)$/u, {
  expected: 'an integer from 1 to 200',
  jsonSchema: { type: 'integer', minimum: 1, maximum: 200, default: DEFAULT_LIMIT },
});

/**
 * Makes a decoder of query parameters that accepts no unknown ones.
 *
 * @throws Problem `invalid-parameter`, from the decoder, which names each invalid parameter.
 */
export function queryDecoder<S extends Schema.ConstraintDecoder<unknown>>(schema: S) {
  const decode = Schema.decodeUnknownResult(schema, { errors: 'all', onExcessProperty: 'error' });
  return (parameters: unknown): S['Type'] => {
    const result = decode(parameters);
    if (result._tag === 'Success') return result.success;
    throw invalidParameters(
      schemaErrors(result.failure.issue).map(({ path, detail }) => ({ parameter: path.join('.'), detail })),
    );
  };
}

/** The problem of a request with these mistakes in its query. */
export function invalidParameters(errors: readonly FieldError[]): Problem {
  return new Problem('invalid-parameter', { errors });
}
