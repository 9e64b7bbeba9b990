import { jsonPointer } from './jsonPointer.ts';
import type { FieldError } from '../problems/problem.ts';

/** How many arrays and objects may lie within each other; everything behind the API may recurse this deep. */
export const MAX_JSON_DEPTH = 64;
const MAX_FAULTS = 20;
// A name may be as long as a body, and must not come back twenty times.
const MAX_POINTER_LENGTH = 500;

type Fault = Extract<FieldError, { readonly pointer: string }>;

interface Walk {
  readonly path: PropertyKey[];
  readonly faults: Fault[];
}

/**
 * What JSON can say but must not come further than here: nesting that would overflow a stack, `__proto__` keys, which a
 * careless merge in a handler would obey, and numbers like 1e999, which would become null.
 */
export function findJsonFaults(value: unknown): readonly Fault[] {
  const walk: Walk = { path: [], faults: [] };
  visit(value, walk);
  return walk.faults;
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
  const pointer = jsonPointer(walk.path);
  walk.faults.push({ pointer: pointer.length > MAX_POINTER_LENGTH ? '' : pointer, detail });
}
