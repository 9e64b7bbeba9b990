import * as Schema from 'effect/Schema';
import { type FieldError, Problem } from '../../problems/problem.ts';
import { jsonPointer, shortPointer } from './jsonPointer.ts';
import { schemaErrors } from './schemaErrors.ts';

/** How many arrays and objects may be nested; everything behind the API may recurse this deep. */
const MAX_JSON_DEPTH = 64;
const MAX_FAULTS = 20;

/**
 * Makes a decoder of request bodies that accepts no unknown fields.
 *
 * The decoder takes the parsed body and mistakes that were found by other means.
 *
 * @throws Problem `invalid-request`, from the decoder, which lists all mistakes at once.
 */
export function bodyDecoder<S extends Schema.ConstraintDecoder<unknown>>(schema: S) {
  const decode = Schema.decodeUnknownResult(schema, { errors: 'all', onExcessProperty: 'error' });
  return (body: unknown, others: readonly FieldError[] = []): S['Type'] => {
    const result = decode(body);
    if (result._tag === 'Success' && others.length === 0) return result.success;
    const mistakes = result._tag === 'Failure' ? schemaErrors(result.failure.issue) : [];
    throw invalidRequest([...mistakes.map(({ path, detail }) => ({ pointer: jsonPointer(path), detail })), ...others]);
  };
}

/** The problem of a body with these mistakes. */
export function invalidRequest(errors: readonly FieldError[]): Problem {
  const detail = errors.length === 1 ? 'there is 1 mistake' : `there are ${errors.length} mistakes`;
  return new Problem('invalid-request', { detail, errors });
}

/** The value of a field of a body that has not been decoded; undefined if it is missing or the body is no object. */
export function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The mistake of a time that has passed at `now` (milliseconds). */
export function pastErrors(body: unknown, name: string, now: number): readonly FieldError[] {
  const time = fieldOf(body, name);
  const past = typeof time === 'string' && Date.parse(time) <= now;
  return past ? [{ pointer: `/${name}`, detail: 'must be in the future' }] : [];
}

type Fault = Extract<FieldError, { readonly pointer: string }>;

interface Walk {
  readonly path: PropertyKey[];
  readonly faults: Fault[];
}

/**
 * Finds what valid JSON may contain and the API rejects: nesting that would overflow a stack, `__proto__` keys, which a
 * careless merge in a handler would obey, and numbers such as 1e999, which would become null.
 */
export function findJsonFaults(value: unknown): readonly Fault[] {
  if (isFaultless(value, 0)) return [];
  const walk: Walk = { path: [], faults: [] };
  visit(value, walk);
  return walk.faults;
}

/** The same in a pass that is several times as fast and names no places. */
function isFaultless(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < MAX_JSON_DEPTH && areFaultless(value, depth + 1);
}

function areFaultless(items: object, depth: number): boolean {
  if (Array.isArray(items)) {
    for (const item of items) if (!isFaultless(item, depth)) return false;
  } else {
    for (const name in items) {
      const item = (items as Readonly<Record<string, unknown>>)[name];
      if (name === '__proto__' || !isFaultless(item, depth)) return false;
    }
  }
  return true;
}

function visit(value: unknown, walk: Walk): void {
  if (typeof value === 'number') checkNumber(value, walk);
  else if (typeof value === 'object' && value !== null) visitChildren(value, walk);
}

function visitChildren(value: object, walk: Walk): void {
  if (walk.path.length >= MAX_JSON_DEPTH) return fault(walk, `must not be nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (Array.isArray(value)) value.forEach((item, index) => visitChild(index, item, walk));
  else for (const [key, item] of Object.entries(value)) visitChild(key, item, walk);
}

function visitChild(key: PropertyKey, item: unknown, walk: Walk): void {
  if (walk.faults.length >= MAX_FAULTS) return;
  walk.path.push(key);
  if (key === '__proto__') fault(walk, 'must not be named __proto__');
  visit(item, walk);
  walk.path.pop();
}

function checkNumber(number: number, walk: Walk): void {
  if (!Number.isFinite(number)) fault(walk, 'must be a number that fits into 64 bits of floating point');
}

function fault(walk: Walk, detail: string): void {
  walk.faults.push({ pointer: shortPointer(walk.path), detail });
}
