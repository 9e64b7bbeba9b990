import type { Field, Mistake } from './configField.ts';

/** What one process allows itself for one job type. */
export interface TypeLimits {
  /** Attempts that may run at once. */
  readonly concurrency?: number;
  /** At most so many starts within any so many milliseconds. */
  readonly rate?: { readonly starts: number; readonly perMs: number };
}

const EXAMPLE = 'limits such as email:concurrency=10,rate=100/s;webhook:rate=20/m';
const ENTRY = /^([a-z][a-z0-9-]{0,62}):(.+)$/;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const MAX = 10_000;

type Parsed<Value> = { readonly value: Value } | { readonly mistake: Mistake };

/** Limits by job type: `email:concurrency=10,rate=100/s;webhook:rate=20/m`. */
export function limits(): Field<ReadonlyMap<string, TypeLimits> | undefined> {
  return (raw) => {
    if (raw === undefined) return { value: undefined };
    const entries = parts(raw, ';').map(parseEntry);
    const names = entries.flatMap((entry) => ('type' in entry ? [entry.type] : []));
    const mistakes = [...entries.flatMap((entry) => entry.mistakes), ...namedTwice(names)];
    if (entries.length === 0) return { expected: EXAMPLE };
    if (mistakes.length > 0) return { mistakes };
    return { value: new Map(entries.flatMap((entry) => ('type' in entry ? [[entry.type, entry.limits]] : []))) };
  };
}

function parseEntry(
  entry: string,
): { type: string; limits: TypeLimits; mistakes: Mistake[] } | { mistakes: Mistake[] } {
  const [, type, text] = ENTRY.exec(entry) ?? [];
  if (type === undefined || text === undefined) return { mistakes: [{ expected: `be ${EXAMPLE}`, got: entry }] };
  const settings = parts(text, ',').map((setting) => parseSetting(type, setting));
  const names = new Set(parts(text, ',').map((setting) => setting.split('=')[0]));
  const repeated = names.size === settings.length ? [] : [{ expected: `give ${type} each limit once`, got: text }];
  return {
    type,
    limits: Object.assign({}, ...settings.map((setting) => ('value' in setting ? setting.value : {}))) as TypeLimits,
    mistakes: [...settings.flatMap((setting) => ('mistake' in setting ? [setting.mistake] : [])), ...repeated],
  };
}

function parseSetting(type: string, setting: string): Parsed<TypeLimits> {
  const [name = '', text = ''] = setting.split(/=(.*)/s);
  if (name === 'concurrency') return parseConcurrency(type, text);
  if (name === 'rate') return parseRate(type, text);
  return { mistake: { expected: `give ${type} a concurrency or a rate`, got: setting } };
}

function parseConcurrency(type: string, text: string): Parsed<TypeLimits> {
  if (isCount(text)) return { value: { concurrency: Number(text) } };
  return { mistake: { expected: `give ${type} a concurrency from 1 to ${MAX}`, got: text } };
}

function parseRate(type: string, text: string): Parsed<TypeLimits> {
  const [, count = '', unit] = /^(\d+)\/([smh])$/.exec(text) ?? [];
  if (isCount(count))
    return { value: { rate: { starts: Number(count), perMs: UNIT_MS[unit as keyof typeof UNIT_MS] } } };
  return { mistake: { expected: `give ${type} a rate from 1 to ${MAX} per s, m or h, such as 20/m`, got: text } };
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX;
}

function namedTwice(names: readonly string[]): Mistake[] {
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => ({ expected: `name ${name} once`, got: 'it more often' }));
}

function parts(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
