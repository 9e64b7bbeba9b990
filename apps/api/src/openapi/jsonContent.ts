import type { Schema } from 'effect';
import type { Content } from './operation.ts';

/** A body of `application/json`. */
export function jsonContent(
  schema: Schema.Constraint,
  examples?: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Content>> {
  return { 'application/json': { schema, ...(examples === undefined ? {} : { examples }) } };
}
