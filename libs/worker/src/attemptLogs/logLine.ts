import { type AttemptLogLevel, secretFields } from '@jobstream/domain';

/** Fields whose values are not kept, whatever their case and wherever they are. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(secretFields);
const REDACTED = '[Redacted]';
/** Longer texts are cut, before they cost anything. */
const MAX_TEXT = 8_192;
/** Lines with more characters lose their fields. */
const MAX_LINE = 16_384;

/** A line as its handler gave it. */
export interface GivenLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: AttemptLogLevel;
  /** The fields of the logger and those of its parents, from `boundFields`. */
  readonly bound: string;
  readonly first: object | string;
  readonly message: string | undefined;
  /** Whether errors are kept with their stacks. */
  readonly stacks: boolean;
}

/** Returns a line as JSON, with `time`, `level`, `message` and `fields`. Never throws. */
export function logLine(given: GivenLine): string {
  const { time, level, bound, first, stacks } = given;
  const head = `{"time":${time},"level":"${level}","message":${textOf(messageOf(given))}`;
  const fields = typeof first === 'string' ? bound : joined(bound, membersOf(first, stacks));
  if (fields === '') return `${head}}`;
  return fields.length > MAX_LINE ? `${head},"fields":{"tooLarge":true}}` : `${head},"fields":{${fields}}}`;
}

/** Returns the fields of a child logger as members of a JSON object, behind those of its parent. */
export function boundFields(parent: string, fields: object, stacks: boolean): string {
  return joined(parent, membersOf(fields, stacks));
}

function messageOf({ first, message }: GivenLine): string {
  if (typeof first === 'string') return first;
  return message ?? (first instanceof Error ? first.message : '');
}

function joined(one: string, other: string): string {
  if (one === '' || other === '') return one + other;
  return `${one},${other}`;
}

/** Returns the members of a JSON object. Flat fields, as most are, are written by one call without callbacks. */
function membersOf(fields: object, stacks: boolean): string {
  try {
    if (isPlain(fields)) return JSON.stringify(fields).slice(1, -1);
    let members = '';
    const replace = stacks ? plain : plainWithoutStacks;
    const entries: object = fields instanceof Error ? { err: fields } : fields;
    for (const key of Object.keys(entries)) {
      const value = valueOf(key, (entries as Readonly<Record<string, unknown>>)[key], replace);
      if (value !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${value}`;
    }
    return members;
  } catch (error) {
    return `"unwritable":${textOf(String(error))}`;
  }
}

/** Whether nothing in it must be changed: no secrets, only numbers, booleans and texts that are not too long. */
function isPlain(fields: object): boolean {
  // Others may have a toJSON, or properties that are not enumerable.
  if (Object.getPrototypeOf(fields) !== Object.prototype) return false;
  for (const key in fields) {
    const value: unknown = (fields as Readonly<Record<string, unknown>>)[key];
    const isShort = typeof value === 'string' ? value.length <= MAX_TEXT : isNumberOrBoolean(value);
    if (!isShort || isSecret(key)) return false;
  }
  return true;
}

type Replace = (key: string, value: unknown) => unknown;

function valueOf(key: string, value: unknown, replace: Replace): string | undefined {
  if (isSecret(key)) return `"${REDACTED}"`;
  if (typeof value === 'string') return textOf(value);
  return isNumberOrBoolean(value) ? JSON.stringify(value) : JSON.stringify(value, replace);
}

function isNumberOrBoolean(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/** Keys are names in code, so there are few; where they are data, they are looked at again and again. */
const MAX_KNOWN_KEYS = 1_000;
const knownKeys = new Map<string, boolean>();

function isSecret(key: string): boolean {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const secret = SECRET_FIELDS.has(key.toLowerCase());
  if (knownKeys.size < MAX_KNOWN_KEYS) knownKeys.set(key, secret);
  return secret;
}

function textOf(text: string): string {
  return JSON.stringify(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}

/** Errors have no enumerable properties of their own. */
function plain(key: string, value: unknown): unknown {
  if (isSecret(key)) return REDACTED;
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return Object.assign({}, value, { name, message, stack, cause });
}

function plainWithoutStacks(key: string, value: unknown): unknown {
  const replaced = plain(key, value);
  return value instanceof Error ? Object.assign({}, replaced, { stack: undefined }) : replaced;
}
