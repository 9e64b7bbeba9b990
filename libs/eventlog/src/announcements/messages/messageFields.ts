import { isJobType, isObject } from '@jobstream/domain';

/** A message in WORKERS or TYPES that is not what the worker protocol describes; its text says which field. */
export class MalformedMessageError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'MalformedMessageError';
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

const MAX_TEXT = 256;
const VERSION = 1;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads the fields of a JSON object from a message. Every method throws MalformedMessageError for a value of another kind. */
export class MessageFields {
  readonly #object: JsonObject;
  readonly #path: string;

  private constructor(value: unknown, path: string) {
    if (!isObject(value)) throw new MalformedMessageError(`${path || 'the body'} is not an object`);
    this.#object = value;
    this.#path = path;
  }

  /** Reads the body of a message, which must have `"v": 1`. */
  static ofBody(body: string): MessageFields {
    const fields = new MessageFields(parsed(body), '');
    if (fields.#object['v'] !== VERSION) throw new MalformedMessageError(`/v is not ${VERSION}`);
    return fields;
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined;
  }

  names(): readonly string[] {
    return Object.keys(this.#object);
  }

  /** Returns a text of 1 to 256 characters. */
  text(name: string): string {
    const value = this.#object[name];
    if (typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT) return value;
    throw this.#malformed(name, `a text of 1 to ${MAX_TEXT} characters`);
  }

  /** Returns the name of a job type. */
  jobType(name: string): string {
    const value = this.#object[name];
    if (isJobType(value)) return value;
    throw this.#malformed(name, 'a job type: 1 to 63 lower-case letters, digits and dashes, starting with a letter');
  }

  instant(name: string): string {
    const value = this.text(name);
    if (RFC_3339.test(value) && !Number.isNaN(Date.parse(value))) return value;
    throw this.#malformed(name, 'an RFC 3339 time');
  }

  /** Returns a whole number of at least `minimum`. */
  count(name: string, minimum = 0): number {
    const value = this.#object[name];
    if (Number.isSafeInteger(value) && (value as number) >= minimum) return value as number;
    throw this.#malformed(name, `a whole number of at least ${minimum}`);
  }

  oneOf<Value>(name: string, values: readonly Value[]): Value {
    const found = values.find((value) => value === this.#object[name]);
    if (found !== undefined) return found;
    throw this.#malformed(name, `one of ${values.join(', ')}`);
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((_text, index) => this.#item(name).text(String(index)));
  }

  object(name: string): MessageFields {
    return new MessageFields(this.#object[name], `${this.#path}/${name}`);
  }

  objects(name: string): readonly MessageFields[] {
    return this.#list(name).map((_object, index) => this.#item(name).object(String(index)));
  }

  /** Returns a JSON Schema as it is: an object or a boolean. */
  schema(name: string): JsonSchema {
    const value = this.#object[name];
    if (typeof value === 'boolean' || isObject(value)) return value;
    throw this.#malformed(name, 'a JSON Schema');
  }

  /** Returns a value as it is, unchecked. */
  unchecked(name: string): unknown {
    return this.#object[name];
  }

  /** Returns `{ [name]: value }` if the field is there, otherwise `{}`. */
  optional<Name extends string, Value>(name: Name, read: (name: Name) => Value): { [Key in Name]?: Value } {
    return this.has(name) ? ({ [name]: read(name) } as { [Key in Name]?: Value }) : {};
  }

  #list(name: string): readonly unknown[] {
    const value = this.#object[name];
    if (Array.isArray(value)) return value as unknown[];
    throw this.#malformed(name, 'a list');
  }

  #item(name: string): MessageFields {
    return new MessageFields(Object.fromEntries(this.#list(name).entries()), `${this.#path}/${name}`);
  }

  #malformed(name: string, expected: string): MalformedMessageError {
    return new MalformedMessageError(`${this.#path}/${name} is not ${expected}`);
  }
}

/** A JSON Schema, unchecked. */
export type JsonSchema = boolean | JsonObject;

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new MalformedMessageError('the body is not JSON');
  }
}
