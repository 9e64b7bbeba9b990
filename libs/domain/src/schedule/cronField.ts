/** What one field of a cron expression allows: `values` ascending; `any` when it says nothing (`*`). */
export interface CronField {
  readonly values: readonly number[];
  readonly any: boolean;
}

/** What may stand in a field. `names` stand for `min`, `min + 1`, …; `alias` is a second number for `min`. */
export interface CronBounds {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  readonly alias?: number;
}

export type CronFieldResult = { readonly field: CronField } | { readonly problem: string };

const PART = /^(?:(\*|\?)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,4}))?$/i;

/** Reads a field: a list of `*`, numbers, names, ranges `a-b`, and steps `…/n`. */
export function parseCronField(text: string, bounds: CronBounds): CronFieldResult {
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
