import * as Schema from 'effect/Schema';

const PART = /^(?:(\*|\?)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,4}))?$/i;
/** When a schedule ticks: at times of the wall clock, or every so many seconds, counted from 1970-01-01T00:00:00Z. */
export type Cron =
  | {
      readonly kind: 'clock';
      readonly seconds: CronField;
      readonly minutes: CronField;
      readonly hours: CronField;
      readonly days: CronField;
      readonly months: CronField;
      readonly weekdays: CronField;
    }
  | { readonly kind: 'every'; readonly seconds: number };

export type ClockCron = Extract<Cron, { kind: 'clock' }>;

/** A `problem` says in one sentence what is wrong with the expression. */
export type ParsedCron = { readonly cron: Cron } | { readonly problem: string };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS = {
  seconds: { label: 'second', min: 0, max: 59 },
  minutes: { label: 'minute', min: 0, max: 59 },
  hours: { label: 'hour', min: 0, max: 23 },
  days: { label: 'day of month', min: 1, max: 31 },
  months: { label: 'month', min: 1, max: 12, names: MONTHS },
  weekdays: { label: 'day of week', min: 0, max: 6, names: WEEKDAYS, alias: 7 },
} as const satisfies Record<string, CronBounds>;

const MACROS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '@yearly': '0 0 0 1 1 *',
    '@annually': '0 0 0 1 1 *',
    '@monthly': '0 0 0 1 * *',
    '@weekly': '0 0 0 * * 0',
    '@daily': '0 0 0 * * *',
    '@midnight': '0 0 0 * * *',
    '@hourly': '0 0 * * * *',
  }),
);

const EVERY = /^@every\s+(?=\d)(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/;
const LONGEST_SECONDS = 366 * 86_400;
const MAX_LENGTH = 256;

const EXPECTED =
  'expected 5 or 6 fields, @every such as "@every 1h30m", or @hourly, @daily, @weekly, @monthly, @yearly';

/** Reads a cron expression: 5 fields, 6 with seconds first, `@every <h m s>`, or a name such as `@hourly`. */
export function parseCron(text: string): ParsedCron {
  if (text.length > MAX_LENGTH) return { problem: `must not be longer than ${MAX_LENGTH} characters` };
  if (text.startsWith('@every')) return parseEvery(text);
  const fields = (MACROS.get(text) ?? text).trim().split(/\s+/);
  if (fields.length === 5) return parseFields(['0', ...fields]);
  return fields.length === 6 ? parseFields(fields) : { problem: EXPECTED };
}

function parseEvery(text: string): ParsedCron {
  const [matched, hours = 0, minutes = 0, seconds = 0] = EVERY.exec(text) ?? [];
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  if (matched === undefined || total < 1 || total > LONGEST_SECONDS) {
    return {
      problem: '@every takes whole hours, minutes and seconds, from 1s to a year: "@every 90s", "@every 1h30m"',
    };
  }
  return { cron: { kind: 'every', seconds: total } };
}

function parseFields(texts: readonly string[]): ParsedCron {
  const fields: Record<string, CronField> = {};
  for (const [index, [name, bounds]] of Object.entries(FIELDS).entries()) {
    const result = parseCronField(texts[index] ?? '', bounds);
    if ('problem' in result) return result;
    fields[name] = result.field;
  }
  return { cron: { kind: 'clock', ...fields } as ClockCron };
}

/** A cron expression that can be read; whether it ever ticks is another question. */
export const CronExpression = Schema.String.check(
  Schema.makeFilter((text) => {
    const parsed = parseCron(text);
    return 'cron' in parsed || parsed.problem;
  }),
);

/** The cron of an expression that was checked before; throws on any other. */
export function cronOf(expression: string): Cron {
  const parsed = parseCron(expression);
  if ('problem' in parsed) throw new Error(`not a cron expression: ${parsed.problem}`);
  return parsed.cron;
}

/** What one field of a cron expression allows: `values` ascending; `any` when it says nothing (`*`). */
export interface CronField {
  readonly values: readonly number[];
  readonly any: boolean;
}

/** What may stand in a field. `names` stand for `min`, `min + 1`, …; `alias` is a second number for `min`. */
interface CronBounds {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  readonly alias?: number;
}

type CronFieldResult = { readonly field: CronField } | { readonly problem: string };

/** Reads a field: a list of `*`, numbers, names, ranges `a-b`, and steps `…/n`. */
function parseCronField(text: string, bounds: CronBounds): CronFieldResult {
  const values = new Set<number>();
  let any = false;
  for (const part of text.split(',')) {
    const range = rangeOf(part, bounds);
    if (range === undefined) return { problem: `${bounds.label}: ${hint(bounds)}` };
    any ||= range.any;
    for (let value = range.from; value <= range.to; value += range.step) {
      values.add(value === bounds.alias ? bounds.min : value);
    }
  }
  return { field: { values: [...values].toSorted((left, right) => left - right), any } };
}

function rangeOf(part: string, bounds: CronBounds) {
  const [, star, first = '', last, stepText] = PART.exec(part) ?? [];
  const step = Number(stepText ?? 1);
  if (step === 0) return undefined;
  if (star !== undefined) return { from: bounds.min, to: bounds.max, step, any: step === 1 };
  const from = valueOf(first, bounds);
  const to = last === undefined ? endWithoutRange(from, stepText, bounds) : valueOf(last, bounds);
  if (from === undefined || to === undefined || from > to) return undefined;
  return { from, to, step, any: false };
}

/** `5` is 5 alone, `5/10` is every tenth from 5 on. */
function endWithoutRange(from: number | undefined, step: string | undefined, { max }: CronBounds) {
  return step === undefined ? from : max;
}

function valueOf(text: string, { min, max, names = [], alias }: CronBounds): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return min + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return (value >= min && value <= max) || value === alias ? value : undefined;
}

function hint({ min, max, names }: CronBounds): string {
  const orNames = names === undefined ? '' : ` or ${names[0]} to ${names.at(-1)}`;
  return `expected *, numbers from ${min} to ${max}${orNames}, ranges a-b and steps /n, separated by commas`;
}
