import { Timestamp } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/u;
// The range that both JavaScript and Postgres write with four-digit years.
const EARLIEST = Date.parse('1970-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** An RFC 3339 time with any offset; decodes to UTC in milliseconds, as events have it. */
export const Instant = Schema.String.check(
  Schema.isPattern(RFC_3339, {
    expected: 'an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z',
    format: 'date-time',
  }),
  Schema.makeFilter((text) => isExistingDay(text) || 'must be an existing date'),
  Schema.makeFilter((text) => isInRange(text) || 'must be between the years 1970 and 9999'),
).pipe(
  Schema.decodeTo(
    Timestamp,
    SchemaTransformation.transform({ decode: (text) => new Date(text).toISOString(), encode: (text) => text }),
  ),
);

/** Date.parse accepts 30 February as 2 March. */
function isExistingDay(text: string): boolean {
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function isInRange(text: string): boolean {
  const ms = Date.parse(text);
  return ms >= EARLIEST && ms <= LATEST;
}
