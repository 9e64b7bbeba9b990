import * as Schema from 'effect/Schema';

const RFC_3339_UTC = /^(?!0000)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/u;

/** An instant as RFC 3339 text in UTC, e.g. `2026-01-31T09:30:00.000Z`. */
export const Timestamp = Schema.String.check(
  Schema.isPattern(RFC_3339_UTC, { expected: 'an RFC 3339 time in UTC', format: 'date-time' }),
  Schema.makeFilter((text) => exists(text) || 'an existing date'),
);
export type Timestamp = typeof Timestamp.Type;

/** Whether the value is the text of an instant. */
export const isTimestamp: (value: unknown) => value is Timestamp = Schema.is(Timestamp);

const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** The instant `ms` milliseconds after `at`, at most the last one of the year 9999, which the notation cannot exceed. */
export function addMs(at: Timestamp, ms: number): Timestamp {
  return new Date(Math.min(Date.parse(at) + ms, LAST_INSTANT)).toISOString();
}

/** Whether `at` has come at the instant `now`; compares instants, since texts may differ in their fraction digits. */
export function isDue(at: Timestamp, now: Timestamp): boolean {
  return Date.parse(at) <= Date.parse(now);
}

/** Exists in every month of every year, which can be told six times as fast as by asking `Date`. */
const SURELY_EXISTS = /^.{5}(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d/;
const SECOND_CHARACTERS = 19;

/** The second that was found to exist last, which the next texts are likely to be in. */
let existing = 'none';

/** `Date.parse` takes 30 February for 2 March and 24:00 for the next day; Postgres, where the times end up, does not. */
function exists(text: string): boolean {
  if (text.startsWith(existing)) return true;
  const second = text.slice(0, SECOND_CHARACTERS);
  const isExisting = SURELY_EXISTS.test(text) || isSecond(text, second);
  if (isExisting) existing = second;
  return isExisting;
}

function isSecond(text: string, second: string): boolean {
  const instant = Date.parse(text);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(second);
}
