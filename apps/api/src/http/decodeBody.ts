import type { Result, Schema } from 'effect';
import { jsonPointer } from './jsonPointer.ts';
import { Problem, type FieldError } from '../problems/problem.ts';
import { schemaErrors } from './schemaErrors.ts';

/**
 * What a schema made of a body. Throws a Problem that names all mistakes at once: those of the schema, and `others`,
 * which were found by other means.
 */
export function decodeBody<Type>(
  result: Result.Result<Type, Schema.SchemaError>,
  others: readonly FieldError[] = [],
): Type {
  if (result._tag === 'Success' && others.length === 0) return result.success;
  const mistakes = result._tag === 'Failure' ? schemaErrors(result.failure.issue) : [];
  const errors = [...mistakes.map(({ path, detail }) => ({ pointer: jsonPointer(path), detail })), ...others];
  const detail = errors.length === 1 ? 'there is 1 mistake' : `there are ${errors.length} mistakes`;
  throw new Problem('invalid-request', { detail, errors });
}
