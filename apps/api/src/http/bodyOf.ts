import type { Schema } from 'effect';

/**
 * What can be sent as a body of a schema. A field that may be left out may also be undefined, since JSON knows no
 * difference, and building an object without it costs more.
 */
export type BodyOf<S extends Schema.Constraint> = Sendable<S['Type']>;

type Sendable<Type> = Type extends readonly (infer Item)[]
  ? readonly Sendable<Item>[]
  : Type extends object
    ? { readonly [Key in keyof Type]: Sendable<Type[Key]> | UndefinedIfOptional<Type, Key> }
    : Type;

type UndefinedIfOptional<Type, Key extends keyof Type> = object extends Pick<Type, Key> ? undefined : never;
