const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });

/** Shows a time in the zone of the browser: with the day unless it is today's, with the year unless it is this one. */
export function formatInstant(at: Date, now: Date): string {
  const time = clock.format(at);
  if (at.toDateString() === now.toDateString()) return time;
  const date = at.getFullYear() === now.getFullYear() ? day : dayOfYear;
  return `${date.format(at)}, ${time}`;
}

/** Shows a time in UTC, to the millisecond. */
export function formatUtc(at: Date): string {
  return at.toISOString().replace('T', ' ').replace('Z', ' UTC');
}
