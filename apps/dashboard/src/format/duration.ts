const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** Shows milliseconds with two units at most: `3h 20m`, `4.2 s`, `38 ms`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return '0 ms';
  if (ms < 1_000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`;
  const index = UNITS.findIndex((unit) => ms >= unit.ms);
  const [first, second] = [UNITS[index], UNITS[index + 1]];
  if (first === undefined || second === undefined) return `${ms} ms`;
  const rest = Math.floor((ms % first.ms) / second.ms);
  return `${Math.floor(ms / first.ms)}${first.name}${rest === 0 ? '' : ` ${rest}${second.name}`}`;
}

/** Shows how long ago something was, or how far ahead it is: `3 s ago`, `in 2m`, `now`. `ms` is negative for the future. */
export function formatAge(ms: number): string {
  if (Math.abs(ms) < 1_000) return 'now';
  return ms < 0 ? `in ${formatDuration(-ms)}` : `${formatDuration(ms)} ago`;
}
