import { Schema } from 'effect';

const RFC_3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** An instant as RFC 3339 text in UTC, e.g. `2026-01-31T09:30:00.000Z`. */
export const Timestamp = Schema.String.check(
  Schema.isPattern(RFC_3339_UTC, { expected: 'an RFC 3339 time in UTC' }),
  Schema.makeFilter((text) => !Number.isNaN(Date.parse(text)) || 'an existing date'),
);
export type Timestamp = typeof Timestamp.Type;

/** The instant `ms` milliseconds after `at`. */
export function addMs(at: Timestamp, ms: number): Timestamp {
  return new Date(Date.parse(at) + ms).toISOString();
}

/** Whether `at` has come at the instant `now`; compares instants, since texts may differ in their fraction digits. */
export function hasCome(at: Timestamp, now: Timestamp): boolean {
  return Date.parse(at) <= Date.parse(now);
}
