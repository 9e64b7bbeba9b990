import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';
import type { Request } from 'express';
import { type FieldError, Problem } from '../../problems/problem.ts';
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

/** How often a parameter that can be repeated may be given. */
const MOST_VALUES = 20;

/** A parameter that can be repeated; decodes to its values. */
export function repeatable<S extends Schema.Constraint>(value: S) {
  return Schema.Array(value).check(Schema.isBetweenLength(1, MOST_VALUES));
}

/** The query with the values of these parameters as lists; those of `separated` may also be separated by commas. */
export function withLists(
  query: Request['query'],
  { whole = [], separated = [] }: { readonly whole?: readonly string[]; readonly separated?: readonly string[] },
): object {
  const given = (names: readonly string[]) => names.filter((name) => query[name] !== undefined);
  const valuesOf = (name: string) => [query[name]].flat();
  return {
    ...query,
    ...Object.fromEntries(given(whole).map((name) => [name, valuesOf(name)])),
    ...Object.fromEntries(given(separated).map((name) => [name, valuesOf(name).flatMap(apart)])),
  };
}

function apart(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',') : value;
}

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
      schemaErrors(result.failure.issue).map(({ path, detail }) => ({ parameter: String(path[0]), detail })),
    );
  };
}

/** The problem of a request with these mistakes in its query. */
export function invalidParameters(errors: readonly FieldError[]): Problem {
  return new Problem('invalid-parameter', { errors });
}
