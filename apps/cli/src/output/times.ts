const SECOND_MS = 1_000;
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', SECOND_MS],
] as const;

/** Shows a time: `5m ago`, `in 2h`, or in UTC. */
export function formatTime(instant: string, { utc, now }: { readonly utc: boolean; readonly now: number }): string {
  if (utc) return new Date(instant).toISOString();
  const ms = Date.parse(instant) - now;
  if (Math.abs(ms) < SECOND_MS) return 'now';
  return ms > 0 ? `in ${formatDuration(ms)}` : `${formatDuration(-ms)} ago`;
}

/** Shows a time at which something is due: `in 2h`, `in 700ms`, `now` only when it has come, or in UTC. */
export function formatDue(instant: string, { utc, now }: { readonly utc: boolean; readonly now: number }): string {
  if (utc) return formatTime(instant, { utc, now });
  const ms = Date.parse(instant) - now;
  return ms > 0 ? `in ${formatDuration(ms)}` : 'now';
}

/** Shows a time as events do, whose order matters: `14:03:07.123`, with the date if it is not today's, or in UTC. */
export function formatClock(instant: string, { utc, now }: { readonly utc: boolean; readonly now: number }): string {
  if (utc) return new Date(instant).toISOString();
  const [day, clock = ''] = localTime(Date.parse(instant)).split(' ');
  return day === localTime(now).split(' ')[0] ? clock : `${day} ${clock}`;
}

function localTime(instant: number): string {
  const minutes = new Date(instant).getTimezoneOffset();
  return new Date(instant - minutes * 60_000).toISOString().slice(0, -1).replace('T', ' ');
}

/** Shows a duration in its largest units, one or two of them: `250ms`, `42s`, `5m 10s`, `3h`, `12d`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)}ms`;
  const index = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
  const [unit, unitMs] = UNITS[index] ?? ['s', SECOND_MS];
  const whole = Math.floor(ms / unitMs);
  const [smaller, smallerMs] = UNITS[index + 1] ?? ['ms', 1];
  const rest = Math.floor((ms % unitMs) / smallerMs);
  // From ten on the smaller unit says nothing that matters.
  return whole >= 10 || rest === 0 || unit === 's' ? `${whole}${unit}` : `${whole}${unit} ${rest}${smaller}`;
}
