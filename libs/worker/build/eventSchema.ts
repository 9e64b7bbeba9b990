// The part of Effect's Schema that libs/domain uses, with the same names, verdicts and decoded values. The build of
// @jobstream/worker puts it in Effect's place, so that who installs a worker need not install Effect.
// `tools/src/release/domainWithoutEffect.test.ts` compares the two.
import type { Result } from './result.ts';

/** Returned instead of a value by a decoder that refuses its input. */
const REFUSED = Symbol('refused');

/** Returns the decoded input, or `REFUSED`. */
type Decode = (input: unknown) => unknown;
/** Says what is wrong with an input that was refused; `path` is where the input stands. */
type Explain = (input: unknown, path: string) => string;

/** Any schema. */
export interface Constraint {
  /** For the compiler alone: `typeof MySchema.Type` is the type of the decoded values. */
  readonly Type: unknown;
  readonly decode: Decode;
  readonly explain: Explain;
  readonly optional?: true;
  /** The fields of a struct that must have one value, by which a union finds its member. */
  readonly tags?: ReadonlyMap<string, unknown>;
}
export interface Decoder<Value> extends Constraint {
  readonly Type: Value;
}

/** A schema whose values can be restricted. */
export interface Checkable<Value> extends Decoder<Value> {
  check(...checks: readonly Check<Value>[]): Checkable<Value>;
}

/** A restriction of values that have the right type already. */
export interface Check<in Value> {
  readonly holds: (value: Value) => boolean;
  readonly expected: string;
}

export interface Literal<Value extends string | number | boolean> extends Decoder<Value> {
  readonly literal: Value;
}

export interface Optional<Member extends Constraint> extends Decoder<Member['Type']> {
  readonly optional: true;
}

type OptionalName<Fields extends Struct.Fields> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly optional: true } ? Name : never;
}[keyof Fields];
type StructValue<Fields extends Struct.Fields> = {
  readonly [Name in Exclude<keyof Fields, OptionalName<Fields>>]: Fields[Name]['Type'];
} & {
  readonly [Name in OptionalName<Fields>]?: Fields[Name]['Type'];
};

export interface Struct<Fields extends Struct.Fields> extends Decoder<StructValue<Fields>> {
  readonly fields: Fields;
}
export declare namespace Struct {
  type Fields = Readonly<globalThis.Record<string, Constraint>>;
}

export interface SchemaError {
  readonly message: string;
}

function schemaOf<Value, More extends object>(decode: Decode, explain: Explain, more: More): Decoder<Value> & More {
  // `Type` exists for the compiler alone.
  return { decode, explain, ...more } as unknown as Decoder<Value> & More;
}

/** A schema of the values for which `holds` is true; they are decoded as they are. */
function primitive<Value>(expected: string, holds: (input: unknown) => boolean): Checkable<Value> {
  return checkable(
    (input) => (holds(input) ? input : REFUSED),
    (_input, path) => `${path}: expected ${expected}`,
  );
}

function checkable<Value>(decode: Decode, explain: Explain): Checkable<Value> {
  return schemaOf(decode, explain, {
    check: (...checks: readonly Check<Value>[]) =>
      checkable<Value>(
        (input) => {
          const value = decode(input);
          return value === REFUSED || broken(checks, value as Value) === undefined ? value : REFUSED;
        },
        (input, path) => {
          const value = decode(input);
          return value === REFUSED
            ? explain(input, path)
            : `${path}: expected ${broken(checks, value as Value)?.expected ?? 'another value'}`;
        },
      ),
  });
}

function broken<Value>(checks: readonly Check<Value>[], value: Value): Check<Value> | undefined {
  for (const check of checks) if (!check.holds(value)) return check;
  return undefined;
}

export const String = primitive<string>('a string', (input) => typeof input === 'string');
export const Boolean = primitive<boolean>('a boolean', (input) => typeof input === 'boolean');
export const Finite = primitive<number>('a finite number', (input) => Number.isFinite(input));
export const Int = primitive<number>('an integer', (input) => Number.isSafeInteger(input));
export const Unknown = primitive<unknown>('a value', () => true);

export function Literal<const Value extends string | number | boolean>(literal: Value): Literal<Value> {
  return { ...primitive<Value>(JSON.stringify(literal), (input) => input === literal), literal };
}

export function Literals<const Values extends readonly (string | number)[]>(literals: Values): Decoder<Values[number]> {
  const known = new Set<unknown>(literals);
  return primitive<Values[number]>(`one of ${JSON.stringify(literals)}`, (input) => known.has(input));
}

/** Marks a field of a struct that may be missing. */
export function optionalKey<Member extends Constraint>(member: Member): Optional<Member> {
  const { decode, explain } = member;
  return schemaOf(decode, explain, { optional: true as const });
}

export function Struct<const Fields extends Struct.Fields>(fields: Fields): Struct<Fields> {
  const entries = Object.entries(fields);
  // As Effect has it: without fields there is nothing to decode.
  const decode = entries.length === 0 ? (input: unknown) => input ?? REFUSED : structDecoder(entries);
  return schemaOf(decode, (input, path) => explainFields(entries, input, path), { fields, tags: tagsOf(entries) });
}

function structDecoder(entries: readonly [string, Constraint][]): Decode {
  const parts = entries.map(([name, { decode, optional = false }]) => ({ name, decode, optional }));
  return (input) => {
    if (!isObject(input)) return REFUSED;
    const output: globalThis.Record<string, unknown> = {};
    for (const { name, decode, optional } of parts) {
      const part = input[name];
      if (part !== undefined || name in input) {
        const value = decode(part);
        if (value === REFUSED) return REFUSED;
        output[name] = value;
      } else if (!optional) return REFUSED;
    }
    return output;
  };
}

function isObject(input: unknown): input is globalThis.Record<string, unknown> {
  return typeof input === 'object' && input !== null && !globalThis.Array.isArray(input);
}

function explainFields(entries: readonly [string, Constraint][], input: unknown, path: string): string {
  if (!isObject(input)) return `${path}: expected an object`;
  for (const [name, { decode, explain, optional = false }] of entries) {
    const at = `${path}.${name}`;
    if (name in input) {
      if (decode(input[name]) === REFUSED) return explain(input[name], at);
    } else if (!optional) return `${at}: missing`;
  }
  return `${path}: expected an object`;
}

function tagsOf(entries: readonly [string, Constraint][]): ReadonlyMap<string, unknown> {
  return new Map(
    entries.flatMap(([name, field]): [string, unknown][] =>
      'literal' in field && field.optional === undefined ? [[name, field.literal]] : [],
    ),
  );
}

/** An object whose values are all of one kind. */
export function Record<Value extends Constraint>(
  _key: Decoder<string>,
  { decode, explain }: Value,
): Decoder<Readonly<globalThis.Record<string, Value['Type']>>> {
  const decodeAll = (input: unknown) => {
    if (!isObject(input)) return REFUSED;
    const entries = Object.entries(input).map(([name, value]) => [name, decode(value)] as const);
    return entries.some(([, value]) => value === REFUSED) ? REFUSED : Object.fromEntries(entries);
  };
  const explainFirst = (input: unknown, path: string) => {
    if (!isObject(input)) return `${path}: expected an object`;
    const [name, value] = Object.entries(input).find(([, one]) => decode(one) === REFUSED) ?? [];
    return explain(value, `${path}.${name ?? ''}`);
  };
  return schemaOf(decodeAll, explainFirst, {});
}

export function Array<Item extends Constraint>(item: Item): Checkable<readonly Item['Type'][]> {
  const { decode, explain } = item;
  return checkable(
    (input) => {
      if (!globalThis.Array.isArray(input)) return REFUSED;
      const output = globalThis.Array.from<unknown>({ length: input.length });
      for (let index = 0; index < input.length; index++) {
        const value = decode(input[index]);
        if (value === REFUSED) return REFUSED;
        output[index] = value;
      }
      return output;
    },
    (input, path) => {
      if (!globalThis.Array.isArray(input)) return `${path}: expected an array`;
      const index = globalThis.Array.from<unknown>(input).findIndex((value) => decode(value) === REFUSED);
      return explain(input[index], `${path}[${index}]`);
    },
  );
}

/** The first member that takes the input decodes it. */
export function Union<const Members extends readonly Constraint[]>(members: Members): Decoder<Members[number]['Type']> {
  return schemaOf(
    (input) => {
      for (const { decode, tags } of members) {
        if (!fitsTags(tags, input)) continue;
        const value = decode(input);
        if (value !== REFUSED) return value;
      }
      return REFUSED;
    },
    (input, path) => {
      const [likely, ...others] = members.filter(({ tags }) => fitsTags(tags, input));
      if (likely === undefined || others.length > 0) return `${path}: expected one of ${members.length} alternatives`;
      return likely.explain(input, path);
    },
    {},
  );
}

/** Whether the input has the values by which a struct is told from the other members of a union. */
function fitsTags(tags: ReadonlyMap<string, unknown> | undefined, input: unknown): boolean {
  if (tags === undefined || tags.size === 0) return true;
  if (!isObject(input)) return false;
  for (const [name, literal] of tags) if (input[name] !== literal) return false;
  return true;
}

export function isPattern(
  pattern: RegExp,
  { expected = `text like ${pattern.source}` }: { expected?: string; format?: string } = {},
): Check<string> {
  return { holds: (text) => pattern.test(text), expected };
}

export function isBetween({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }): Check<number> {
  return {
    holds: (number) => number >= minimum && number <= maximum,
    expected: `a number from ${minimum} to ${maximum}`,
  };
}

export function isGreaterThanOrEqualTo(minimum: number): Check<number> {
  return { holds: (number) => number >= minimum, expected: `a number from ${minimum} on` };
}

export function isBetweenLength(minimum: number, maximum: number): Check<{ readonly length: number }> {
  return {
    holds: ({ length }) => length >= minimum && length <= maximum,
    expected: `a length from ${minimum} to ${maximum}`,
  };
}

export function isMinLength(minimum: number): Check<{ readonly length: number }> {
  return { holds: ({ length }) => length >= minimum, expected: `a length of at least ${minimum}` };
}

export function isMaxLength(maximum: number): Check<{ readonly length: number }> {
  return { holds: ({ length }) => length <= maximum, expected: `a length of at most ${maximum}` };
}

/** A check by a function that returns true, or what is expected. */
export function makeFilter<Value>(filter: (value: Value) => boolean | string): Check<Value> {
  return { holds: (value) => filter(value) === true, expected: 'what the filter takes' };
}

/** Returns a function that tells whether a value is one of the schema. */
export function is<Value>({ decode }: Decoder<Value>): (input: unknown) => input is Value {
  return (input): input is Value => decode(input) !== REFUSED;
}

/** Returns a function that decodes, and never throws. */
export function decodeUnknownResult<Value>({
  decode,
  explain,
}: Decoder<Value>): (input: unknown) => Result<Value, SchemaError> {
  return (input) => {
    const value = decode(input);
    if (value !== REFUSED) return { _tag: 'Success', success: value as Value };
    return { _tag: 'Failure', failure: { message: explain(input, 'event') } };
  };
}
