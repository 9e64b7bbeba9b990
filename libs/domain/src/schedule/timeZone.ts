import * as Schema from 'effect/Schema';

/** An IANA time zone that this platform knows, such as `Europe/Berlin` or `UTC`. */
export const TimeZone = Schema.String.check(
  Schema.isPattern(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/u, { expected: 'an IANA time zone such as Europe/Berlin' }),
  Schema.makeFilter((name) => isKnown(name) || 'must be a time zone of the IANA database, such as Europe/Berlin'),
);
export type TimeZone = typeof TimeZone.Type;

function isKnown(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * How far the wall clock of a time zone is ahead of UTC at an instant; both in milliseconds. Making the function costs
 * more than calling it, so it is made once for many instants.
 */
export function offsetsOf(timeZone: TimeZone): (instant: number) => number {
  if (timeZone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (instant) => {
    const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(format.format(instant)) ?? [];
    const total = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000;
    return sign === '-' ? -total : total;
  };
}
