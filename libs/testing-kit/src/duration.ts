const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNIT_MS;

/** A span of time: milliseconds, or text such as `90s`, `15m`, `12h`, `3d` or `1w`. */
export type Duration = number | `${number}${Unit}`;

/**
 * Returns the milliseconds of a duration.
 *
 * @throws TypeError when it is none, or negative.
 */
export function millisecondsOf(duration: Duration): number {
  const [, amount, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?$/.exec(String(duration)) ?? [];
  const ms = amount === undefined ? Number.NaN : Number(amount) * UNIT_MS[unit as Unit];
  if (Number.isFinite(ms)) return Math.round(ms);
  throw new TypeError(`expected a duration such as 500, '90s', '12h' or '3d', got: ${String(duration)}`);
}
