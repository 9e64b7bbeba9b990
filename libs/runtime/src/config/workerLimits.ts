import { integerIn, parts, settingOf } from './setting.ts';
import type { Mistake } from './setting.ts';

/** The limits of one process for one job type. */
export interface TypeLimits {
  /** Attempts that may run at once. */
  readonly concurrency?: number;
  /** At most `starts` attempts begin within any `perMs` milliseconds. */
  readonly rate?: { readonly starts: number; readonly perMs: number };
}

interface Entry {
  readonly type?: string;
  readonly limits: TypeLimits;
  readonly mistakes: readonly Mistake[];
}

const EXAMPLE = 'be limits such as email:concurrency=10,rate=100/s;webhook:rate=20/m';
const ENTRY = /^([a-z][a-z0-9-]{0,62}):(.+)$/;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const MAX = 10_000;

/** Limits by job type: `email:concurrency=10,rate=100/s;webhook:rate=20/m`. */
export const workerLimits = settingOf<ReadonlyMap<string, TypeLimits>>((raw) => {
  const entries = parts(raw, ';').map(readEntry);
  if (entries.length === 0) return { mistakes: [{ expected: EXAMPLE, got: raw }] };
  const types = entries.flatMap(({ type }) => type ?? []);
  const repeated = new Set(types.filter((type, index) => types.indexOf(type) !== index));
  const twice = [...repeated].map((type) => ({ expected: `name ${type} once`, got: 'it more often' }));
  const mistakes = [...entries.flatMap((entry) => entry.mistakes), ...twice];
  if (mistakes.length > 0) return { mistakes };
  return { value: new Map(entries.map(({ type = '', limits }) => [type, limits])) };
});

function readEntry(entry: string): Entry {
  const [, type, text] = ENTRY.exec(entry) ?? [];
  if (type === undefined || text === undefined) return { limits: {}, mistakes: [{ expected: EXAMPLE, got: entry }] };
  const settings = parts(text, ',');
  const outcomes = settings.map((setting) => readLimit(type, setting));
  const names = new Set(settings.map((setting) => setting.split('=')[0]));
  const twice = names.size === settings.length ? [] : [{ expected: `give ${type} each limit once`, got: text }];
  return {
    type,
    limits: Object.assign({}, ...outcomes.filter((outcome) => !isMistake(outcome))) as TypeLimits,
    mistakes: [...outcomes.filter(isMistake), ...twice],
  };
}

function readLimit(type: string, setting: string): TypeLimits | Mistake {
  const [name = '', text = ''] = setting.split(/=(.*)/s);
  if (name === 'concurrency') {
    const concurrency = integerIn(text, 1, MAX);
    if (concurrency !== undefined) return { concurrency };
    return { expected: `give ${type} a concurrency from 1 to ${MAX}`, got: text };
  }
  if (name !== 'rate') return { expected: `give ${type} a concurrency or a rate`, got: setting };
  const [, count = '', unit] = /^(\d+)\/([smh])$/.exec(text) ?? [];
  const starts = integerIn(count, 1, MAX);
  if (starts !== undefined) return { rate: { starts, perMs: UNIT_MS[unit as keyof typeof UNIT_MS] } };
  return { expected: `give ${type} a rate from 1 to ${MAX} per s, m or h, such as 20/m`, got: text };
}

function isMistake(outcome: TypeLimits | Mistake): outcome is Mistake {
  return 'expected' in outcome;
}
