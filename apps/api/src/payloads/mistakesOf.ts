import type { OutputUnit } from '@cfworker/json-schema';

/** One mistake in a payload. `pointer` (RFC 6901) begins at the payload; it is empty for the payload itself. */
export interface Mistake {
  readonly pointer: string;
  readonly detail: string;
}

interface Evaluation {
  readonly payload: unknown;
  /** Returns the value of a keyword by the location that the validator gives. */
  readonly valueOf: (keywordLocation: string) => unknown;
}

const MAX_MISTAKES = 20;
/** A name may be as long as a payload, and must not be repeated twenty times in the response. */
const MAX_POINTER_LENGTH = 500;
const MAX_VALUE_LENGTH = 200;

const withArticle: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'a boolean',
  object: 'an object',
  array: 'an array',
};

const details: Readonly<Record<string, (value: unknown) => string>> = {
  type: (value) => `must be ${[...new Set([value].flat().map(named))].join(' or ')}`,
  const: (value) => `must be ${shown(value)}`,
  enum: (value) =>
    isEmpty(value)
      ? 'is not known here'
      : `must be one of ${[value].flat().map(shown).join(', ').slice(0, MAX_VALUE_LENGTH)}`,
  minimum: (value) => `must be at least ${shown(value)}`,
  maximum: (value) => `must be at most ${shown(value)}`,
  exclusiveMinimum: (value) => `must be greater than ${shown(value)}`,
  exclusiveMaximum: (value) => `must be less than ${shown(value)}`,
  multipleOf: (value) => `must be a multiple of ${shown(value)}`,
  minLength: (value) => `must have at least ${counted(value, 'character')}`,
  maxLength: (value) => `must have at most ${counted(value, 'character')}`,
  minItems: (value) => `must have at least ${counted(value, 'item')}`,
  maxItems: (value) => `must have at most ${counted(value, 'item')}`,
  minProperties: (value) => `must have at least ${counted(value, 'field')}`,
  maxProperties: (value) => `must have at most ${counted(value, 'field')}`,
  format: (value) => `must have the format ${shown(value)}`,
  contains: () => 'must contain an item that the schema asks for',
  minContains: (value) => `must contain at least ${counted(value, 'item')} that the schema asks for`,
  maxContains: (value) => `must contain at most ${counted(value, 'item')} that the schema asks for`,
  dependentRequired: () => 'lacks a field that another one requires',
  not: () => 'must not be what the schema excludes',
};

/** They only say that a part has mistakes, which are listed as well. */
const CONTAINERS: ReadonlySet<string> = new Set([
  '$ref',
  'allOf',
  'if',
  'properties',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'dependentSchemas',
  'prefixItems',
  'items',
  'unevaluatedItems',
]);
const ALTERNATIVES: ReadonlySet<string> = new Set(['anyOf', 'oneOf']);
/** Keywords by which the alternatives of a union are told apart. */
const TELLS_APART: ReadonlySet<string> = new Set(['type', 'const', 'enum']);

/** Describes what a validator has found, each mistake once, at most twenty. */
export function mistakesOf(errors: readonly OutputUnit[], evaluation: Evaluation): readonly Mistake[] {
  const byText = new Map<string, Mistake>();
  for (const mistake of described(errors, evaluation)) {
    byText.set(`${mistake.pointer} ${mistake.detail}`, mistake);
    if (byText.size === MAX_MISTAKES) break;
  }
  return [...byText.values()];
}

function* described(errors: readonly OutputUnit[], evaluation: Evaluation): Generator<Mistake> {
  for (let index = 0; index < errors.length; index++) {
    const error = errors[index];
    if (error === undefined || CONTAINERS.has(error.keyword)) continue;
    const inner = innerOf(errors, index);
    index += inner.length;
    if (ALTERNATIVES.has(error.keyword)) yield* ofAlternatives(error, inner, evaluation);
    else yield* ofKeyword(error, evaluation);
  }
}

/** The errors of the subschemas of a keyword, which the validator lists behind the keyword's own. */
function innerOf(errors: readonly OutputUnit[], index: number): readonly OutputUnit[] {
  const prefix = `${errors[index]?.keywordLocation}/`;
  let end = index + 1;
  while (errors[end]?.keywordLocation.startsWith(prefix) === true) end++;
  return errors.slice(index + 1, end);
}

function* ofKeyword(error: OutputUnit, evaluation: Evaluation): Generator<Mistake> {
  const { keyword, keywordLocation, instanceLocation } = error;
  const pointer = pointerOf(instanceLocation);
  const value = evaluation.valueOf(keywordLocation);
  if (keyword === 'required') yield* missing(pointer, value, evaluation.payload);
  else yield { pointer: bounded(pointer), detail: details[keyword]?.(value) ?? 'is not what the schema asks for' };
}

/** The validator names a missing field in a sentence only. */
function* missing(pointer: string, required: unknown, payload: unknown): Generator<Mistake> {
  const object = valueAt(payload, pointer);
  for (const name of [required].flat().map(String)) {
    if (!Object.hasOwn(object, name)) yield { pointer: bounded(`${pointer}/${escaped(name)}`), detail: 'is required' };
  }
}

/**
 * Of alternatives, the mistakes of the only one that the value can be meant for, by its type or a constant in it, are
 * worth telling; else that it is none of them.
 */
function* ofAlternatives(error: OutputUnit, inner: readonly OutputUnit[], evaluation: Evaluation): Generator<Mistake> {
  const depth = error.keywordLocation.split('/').length;
  const alternatives = [...Map.groupBy(inner, ({ keywordLocation }) => keywordLocation.split('/')[depth]).values()];
  const meant = alternatives.filter((one) => !one.some((part) => isToldApart(part, error)));
  if (meant.length === 1) return yield* described(meant[0] ?? [], evaluation);
  const types = inner.filter(
    ({ keyword, instanceLocation }) => keyword === 'type' && instanceLocation === error.instanceLocation,
  );
  const onlyTypes = types.length > 0 && types.length === inner.length;
  const detail = onlyTypes
    ? details['type']?.(types.flatMap(({ keywordLocation }) => evaluation.valueOf(keywordLocation)))
    : 'is none of the alternatives that the schema has';
  yield { pointer: bounded(pointerOf(error.instanceLocation)), detail: String(detail) };
}

/** Whether the value itself, or a field directly in it, has another type or constant than the alternative. */
function isToldApart({ keyword, instanceLocation }: OutputUnit, union: OutputUnit): boolean {
  if (instanceLocation === union.instanceLocation) return TELLS_APART.has(keyword);
  const isField = instanceLocation.lastIndexOf('/') === union.instanceLocation.length;
  return keyword === 'const' && isField;
}

/** The schema `false` is read as an enum without values. */
function isEmpty(values: unknown): boolean {
  return Array.isArray(values) && values.length === 0;
}

function named(type: unknown): string {
  return withArticle[String(type)] ?? String(type);
}

function shown(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[\w-]+$/.test(value);
  return isPlain ? value : JSON.stringify(value ?? null).slice(0, MAX_VALUE_LENGTH);
}

function counted(value: unknown, noun: string): string {
  return `${shown(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Turns a URI fragment, as the validator gives it, into a JSON pointer. */
function pointerOf(instanceLocation: string): string {
  return decodeURIComponent(instanceLocation.slice(1));
}

function valueAt(payload: unknown, pointer: string): object {
  let value = payload;
  for (const token of pointer.split('/').slice(1)) {
    value = (value as Readonly<Record<string, unknown>>)[token.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value as object;
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function bounded(pointer: string): string {
  return pointer.length > MAX_POINTER_LENGTH ? '' : pointer;
}
