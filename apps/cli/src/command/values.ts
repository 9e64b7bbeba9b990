import { InvalidArgumentError } from 'commander';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a duration such as `500ms`, `30s`, `5m`, `1h30m` or `2d`, in milliseconds. */
export function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new InvalidArgumentError('Expected a duration such as 500ms, 30s, 5m, 1h30m or 2d.');
  }
  const ms = parts.map(([, count, unit]) => Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  return Math.round(ms.reduce((sum, part) => sum + part, 0));
}

/** Reads a time of ISO 8601, or a date, as RFC 3339 in UTC; local where it says no zone. */
export function time(text: string): string {
  return instantOf(text) ?? refuse('Expected a time such as 2030-01-31T09:00:00+01:00.');
}

/** What the help says of the options that `pastTime` reads. */
export const PAST_TIMES = 'a time, or how long ago: 2030-01-31T09:00:00Z, 2m, "1h ago"';

/** Reads a time of the past: as `time` does, or how long ago it was, such as `2m` or `1h30m ago`. */
export function pastTime(text: string): string {
  const [, ago] = /^((?:[\d.]+(?:ms|[smhd]))+)(?: ago)?$/u.exec(text) ?? [];
  if (ago !== undefined) return new Date(Date.now() - duration(ago)).toISOString();
  return instantOf(text) ?? refuse('Expected a time such as 2030-01-31T09:00:00+01:00, or how long ago: 2m, "1h ago".');
}

/** Reads the value of `--as-of`: a time as `pastTime` does, or the sequence of an event. */
export function asOfTime(text: string): string {
  return /^\d{1,15}$/u.test(text) ? text : pastTime(text);
}

/** JavaScript alone would also read `15` and `2 m`, as months. */
function instantOf(text: string): string | undefined {
  const instant = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?$/iu.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(instant) ? undefined : new Date(instant).toISOString();
}

function refuse(message: string): never {
  throw new InvalidArgumentError(message);
}

/** Reads a period up to now, as the API takes it: minutes, hours or days. */
export function period(text: string): string {
  if (/^[1-9]\d{0,3}[mhd]$/u.test(text)) return text;
  throw new InvalidArgumentError('Expected minutes, hours or days, such as 15m, 24h or 30d.');
}

/** Reads a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/u.test(text) && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} on.`);
  };
}

/** Reads an address of the API. */
export function address(text: string): string {
  const { protocol } = URL.parse(text) ?? {};
  if (protocol === 'http:' || protocol === 'https:') return text;
  throw new InvalidArgumentError('Expected an address such as https://jobs.example.com.');
}

/** Collects the values of an option that may be given several times. */
export function repeated(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
